"""The paper's Tables I to III and its Figure 7, measured again with the networks and frames at hand."""
