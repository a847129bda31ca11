//! Pictures to faces to descriptors.
