//! Messages between VE memory of several ranks. It calls MPI on the thread in charge only, and knows nothing of jobs.
