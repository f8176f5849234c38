"""Policies' files outside a browser: read, described, checked, and run with onnxruntime."""
