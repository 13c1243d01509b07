"""What every request passes, whatever its address: plain ASGI, so that bodies and event streams flow through."""
