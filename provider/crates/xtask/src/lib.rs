//! Repository tasks: schema dump, docs generation, layer and house checks.
