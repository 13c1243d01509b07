"""What the service itself costs: latency, rate, memory, overhead and scaling, measured against a stack of its own."""
