// separate WEIGHTS BATCH: takes the pictures of a safetensors batch apart, its tensor "mixed" [N, 32, 32] from 0 to 1.
import Model

let separator = try Separator(weights: CommandLine.arguments[1])
let mixed = try SafeTensorsFile(contentsOf: CommandLine.arguments[2]).tensor("mixed").floats()
let (first, second) = try separator.separate(mixed)
print(separator.configuration.heads[0], first)
print(separator.configuration.heads[1], second)
