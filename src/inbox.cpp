#include <coropg/detail/inbox.hpp>
#include <coropg/log.hpp>

#include <utility>

namespace coropg::detail {

void inbox::deliver() {
    while (!notices_.empty() && handler_) {
        const std::vector<diagnostics> come = std::exchange(notices_, {});
        const auto handler = handler_;  // it may set another one
        for (const diagnostics& notice : come) try {
                handler(notice);
            } catch (const std::exception& e) {
                log(log_level::error, std::string{"the handler of notices failed: "}.append(e.what()));
            } catch (...) {
                log(log_level::error, "the handler of notices failed");
            }
    }
}

}  // namespace coropg::detail
