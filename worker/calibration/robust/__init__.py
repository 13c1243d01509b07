"""The robust profile: semantic mutual information, intensity and depth edges, searched coarse to fine."""
