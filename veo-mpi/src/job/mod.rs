//! One rank's part of a job, from its start to its end. It initialises MPI, chooses the node, and ends the whole job if this rank fails.
