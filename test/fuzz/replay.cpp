// Runs a fuzzer's function on inputs, where there is no libFuzzer: for any compiler, in every build.
//
// usage: fuzz_NAME FILE...    a file is one input, but for NAME.hex, which has one in each line (corpus.py)
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::size_t replayed = 0;

void replay_input(const std::vector<std::uint8_t>& input) {
    LLVMFuzzerTestOneInput(input.data(), input.size());
    ++replayed;
}

std::vector<std::uint8_t> bytes_of(const std::string& digits) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    return bytes;
}

void replay_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) throw std::runtime_error{"cannot read " + path.string()};
    if (path.extension() != ".hex") return replay_input({std::istreambuf_iterator<char>{file}, {}});
    for (std::string line; std::getline(file, line);) replay_input(bytes_of(line));
}

}  // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) replay_file(argv[i]);
    std::cout << replayed << " inputs\n";
    return replayed > 0 ? 0 : 1;
}
