"""Programs for those who build, test and install the gateway."""
