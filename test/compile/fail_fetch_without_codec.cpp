// A class that no codec reads.
// first: a row is a plain struct: no constructors, no private members
#include <coropg/sync.hpp>

class celsius {
 public:
    explicit celsius(double degrees) : degrees_{degrees} {}
    [[nodiscard]] double degrees() const { return degrees_; }

 private:
    double degrees_;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch<double>("SELECT 21.5::float8");
#else
    conn.fetch<celsius>("SELECT 21.5::float8");
#endif
}
