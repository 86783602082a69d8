// How long statements took, by their text: a pool puts nobody behind one that is slow or not known. Its size is fixed,
// and of two texts in one place it knows the later.
#pragma once

#include <coropg/detail/pool/pool_core.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace coropg::detail {

class statement_times {
 public:
    using duration = pool_limits::duration;

    /// The time to expect of the statement with this hash; `unknown_time` if it has not ended yet.
    [[nodiscard]] duration expected(std::uint64_t hash) const noexcept {
        const entry& e = entries_[hash % size];
        return e.hash == hash ? e.time : unknown_time;
    }
    /// It took this long. A slow one is remembered at once, and forgotten slowly: the same text can be both, by its
    /// parameters. One that was `cut_short` would have taken longer.
    void note(std::uint64_t hash, duration took, bool cut_short) noexcept {
        entry& e = entries_[hash % size];
        took = std::clamp(took, duration{std::chrono::microseconds{1}}, unknown_time);
        if (cut_short && (e.hash != hash || took < e.time)) return;
        const duration before = e.hash == hash ? e.time : duration{0};
        e = {hash, took > before ? took : before - (before - took) / 8};
    }

 private:
    static constexpr std::size_t size = 1024;

    struct entry {
        std::uint64_t hash = 0;
        duration time = unknown_time;
    };

    std::array<entry, size> entries_{};
};

}  // namespace coropg::detail
