//! The parser, checker and expansion of VE kernel declarations
