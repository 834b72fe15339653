//! Typed access to NEC's Vector Engine: processes, contexts, kernels, requests, memory
