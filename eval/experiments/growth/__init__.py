"""Growth: every system at growing sizes of memory; each size is an ordinary benchmark run."""
