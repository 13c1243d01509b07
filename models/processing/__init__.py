"""What happens to images and clouds before and after a network."""
