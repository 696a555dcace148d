import Testing

/// What only several processes can show. One suite, so that no two mpirun compete for the cores.
@Suite(.serialized)
struct RanksTests {}
