"""The participants' page in Debian's Chromium, against the real server."""
