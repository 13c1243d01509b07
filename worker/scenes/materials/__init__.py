"""Materials: how the surfaces of a scene look to a camera and reflect to a LiDAR."""
