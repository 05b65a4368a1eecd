"""The generators, one provider a module. They translate a `Request` for their provider and its answer into a `Result`, and nothing else."""
