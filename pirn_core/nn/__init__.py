"""The networks: frozen backbones, optimal transport, and the prototype-aware decoder."""
