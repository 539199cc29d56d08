#include "record/record.hpp"

#include "record/fixed_numbers.hpp"
#include "record/record_layout.hpp"

namespace eventloom {

result<std::string> scavenged(const RecordView& record, const std::vector<bool>& goes)
{
    std::string runs;
    std::string ids;
    std::string bodies;
    std::uint64_t count = 0;
    std::uint64_t next  = 0; // after the run before
    BinaryWriter out{runs};
    for (std::uint64_t number = 0; number < record.events();) {
        const auto first = number;
        for (; number < record.events(); ++number) {
            const Position position = record.first() + number;
            const bool was_gone     = record.is_gone(position);
            if (was_gone) {
                ids.append(record.id_of_gone(position));
                continue;
            }
            BOOST_OUTCOME_TRY(const auto body, record.body_at(position));
            if (not goes[number]) {
                bodies.append(body.bytes);
                break;
            }
            if (body.bytes.size() < id_bytes) return damaged_record(position, "it has no id");
            ids.append(body.bytes.substr(0, id_bytes));
        }
        if (number > first) {
            out.unsigned_number(first - next);
            out.unsigned_number(number - first);
            next = number;
            ++count;
        }
        if (number < record.events()) ++number; // the one that stays
    }
    std::string list;
    BinaryWriter{list}.unsigned_number(count);
    list.append(runs).append(ids);
    std::string bytes(wrapper_bytes, '\0');
    bytes[0] = static_cast<char>(scavenged_version);
    put_number(&bytes[4], static_cast<std::uint32_t>(list.size()));
    bytes.append(list).append(record.head());
    append_number(bytes, checksum_of(bytes));
    return bytes.append(bodies);
}

} // namespace eventloom
