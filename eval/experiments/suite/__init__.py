"""All systems on all data sets that this machine has, compared on each of them and pooled."""
