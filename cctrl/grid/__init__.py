"""The TimesTen Scaleout vocabulary: grids, their databases' elements and replica sets, ttGridAdmin."""
