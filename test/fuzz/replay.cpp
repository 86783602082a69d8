// Runs a fuzzer's function on files, where there is no libFuzzer: for any compiler, in every build.
//
// usage: fuzz_NAME FILE_OR_FOLDER...
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::size_t replayed = 0;

void replay(const std::filesystem::path& path) {
    if (is_directory(path)) {
        for (const auto& entry : std::filesystem::directory_iterator{path}) replay(entry);
        return;
    }
    std::ifstream file{path, std::ios::binary};
    file.exceptions(std::ios::badbit);
    const std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++replayed;
}

}  // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) replay(argv[i]);
    std::cout << replayed << " inputs\n";
    return replayed > 0 ? 0 : 1;
}
