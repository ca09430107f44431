"""Where readings are delivered: the interface, and one file or group of files per kind of sink."""
