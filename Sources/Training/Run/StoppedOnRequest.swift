/// Thrown on every rank alike where one of them was asked to stop: after a step, a validation or an evaluation batch.
struct StoppedOnRequest: Error {}
