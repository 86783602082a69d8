// The way of units to the server and back, by libpq: what is sent of a unit, and what comes for the one at the head.
// Only here results of libpq are looked at; why a unit is sent, this room does not know.
#pragma once

#include <coropg/detail/home_process.hpp>
#include <coropg/detail/pq.hpp>
#include <coropg/detail/session/inbox.hpp>
#include <coropg/detail/session/statement_cache.hpp>
#include <coropg/detail/session/unit.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace coropg::detail {

class wire {
 public:
    /// An event for the unit at the head.
    enum class event : unsigned char {
        nothing,      ///< that can be told yet
        rows,         ///< some of an answer: `take_rows`
        answer,       ///< to the command at `answered`
        sync,         ///< the unit has ended
        copy,         ///< a COPY has begun, which cannot be ended in pipeline mode
        out_of_step,  ///< an answer too many or too few: what belongs to whom is not known any more
        malformed,    ///< what libpq cannot read, which is lost: `complaint`
    };

    /// Takes over a connection that is established and idle. Notices go to `notices`, which outlives this.
    wire(pq::connection conn, inbox& notices);

    /// Whether answers have to come before more of the unit is sent.
    [[nodiscard]] static bool awaits_answers(const unit& u);
    /// Sends as much of a unit as the socket takes, and its Sync behind it. False when the connection is lost.
    [[nodiscard]] bool feed(unit& u);
    void flush();
    /// Whether the socket has not taken all.
    [[nodiscard]] bool is_full() const noexcept { return is_full_; }
    /// Whether something was fed since the last flush.
    [[nodiscard]] bool has_unflushed() const noexcept { return unflushed_bytes_ > 0; }

    /// Takes in what the socket has. False when the connection is lost; what came before can still be told.
    [[nodiscard]] bool read() { return pq::consume_input(conn_.get()); }
    /// The next event for `head`; call it until it is nothing, or the head is another one.
    event next(unit& head);
    [[nodiscard]] result take_rows() noexcept { return std::move(rows_); }
    [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }
    /// Takes in what belongs to no statement, behind what was told. False when the server says more than it was asked
    /// for, which shows only while nothing `is_asked`.
    [[nodiscard]] bool take_unasked(bool is_asked);

    [[nodiscard]] bool enter_pipeline() { return PQenterPipelineMode(conn_.get()) == 1; }
    [[nodiscard]] bool leave_pipeline() { return PQexitPipelineMode(conn_.get()) == 1; }

    [[nodiscard]] bool is_lost() const noexcept { return PQstatus(conn_.get()) != CONNECTION_OK; }
    /// Whether the server has no transaction open, and has answered everything.
    [[nodiscard]] bool is_at_rest() const noexcept { return PQtransactionStatus(conn_.get()) == PQTRANS_IDLE; }
    /// Why the server has ended the connection, if it said so; it may not have closed its socket yet.
    [[nodiscard]] const std::string& last_words() const noexcept { return last_words_; }
    /// Whether the session has the client_encoding that it began with, which is UTF8.
    [[nodiscard]] bool speaks_utf8() const noexcept { return PQclientEncoding(conn_.get()) == encoding_; }
    [[nodiscard]] std::string last_message() const { return pq::last_message(conn_.get()); }
    [[nodiscard]] PGconn* native_handle() const noexcept { return conn_.get(); }
    [[nodiscard]] statement_cache& statements() noexcept { return cache_; }

    /// Whether this is a child process, and the connection its parent's.
    [[nodiscard]] bool is_left() const noexcept { return home_.is_left(); }
    /// Nothing more can be sent.
    void stop() noexcept { is_full_ = false; }
    /// Frees the connection and its socket.
    void release() noexcept { conn_.reset(); }

 private:
    static void take_notice(void* self, const PGresult* notice) noexcept;

    bool send(unit& u, command& c);
    event on_result(unit& u, pq::result&& r);
    event on_sync(unit& u, pq::result&& r);
    event on_error(unit& u, pq::result&& r);
    void ask_for_rows(const unit& head);
    void end_answer(unit& u);

    pq::connection conn_;
    home_process home_;
    int encoding_;
    inbox& notices_;
    statement_cache cache_;
    param_arrays arrays_;
    std::size_t unflushed_bytes_ = 0;
    bool is_full_ = false;
    bool is_row_by_row_ = false;   // libpq hands out the head's current answer so
    bool has_complained_ = false;  // libpq, of what the server sends
    std::string last_words_;
    std::string complaint_;
    result rows_;
};

}  // namespace coropg::detail
