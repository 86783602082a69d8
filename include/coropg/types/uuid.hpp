// uuid as boost::uuids::uuid. Making new ones (boost/uuid/random_generator.hpp, or gen_random_uuid() in SQL) is no
// business of this room.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/oids.hpp>

#include <boost/uuid/uuid.hpp>

namespace coropg {

template <>
struct codec<boost::uuids::uuid> {
    static constexpr pg_type type{"uuid", oids::uuid, 2951};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::uuid; }
    static boost::uuids::uuid decode(const field& f);
    static void encode(const boost::uuids::uuid& value, encoder& out);
};

}  // namespace coropg
