import Testing

/// What only several processes can show. The tests within run one after the other, so that their ranks do not compete for the cores;
/// suites of this target that stand outside, and other targets, run beside them.
@Suite(.serialized)
struct RanksTests {}
