// Executors that run one handler at a time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

namespace coropg::detail {

namespace asio = boost::asio;

/// A strand on `executor`. On one that is known by its own name it is small enough to be copied without memory: Asio
/// ends the program when there is none for the copy that an operation keeps.
inline asio::any_io_executor strand_on(const asio::any_io_executor& executor) {
    if (const auto* const known = executor.target<asio::io_context::executor_type>()) return asio::make_strand(*known);
    if (const auto* const known = executor.target<asio::thread_pool::executor_type>()) return asio::make_strand(*known);
    return asio::make_strand(executor);
}

/// Whether `executor` is a strand. Nobody can say of an io_context how many threads run it.
inline bool is_strand(const asio::any_io_executor& executor) {
    return executor.target<asio::strand<asio::io_context::executor_type>>() != nullptr ||
           executor.target<asio::strand<asio::thread_pool::executor_type>>() != nullptr ||
           executor.target<asio::strand<asio::any_io_executor>>() != nullptr;
}

}  // namespace coropg::detail
