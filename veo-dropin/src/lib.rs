//! A libveo.so.1 for machines without a Vector Engine
