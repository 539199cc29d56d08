#include "record/indexed_fields.hpp"

#include "record/record_layout.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <xxhash.h>

namespace eventloom {

namespace {

// Goes over bytes without keeping any of them. What is read after the end is empty, and failed() says so once for all.
class Steps {
public:
    explicit Steps(std::string_view bytes) : bytes_{bytes} {}

    std::uint64_t number()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
            const auto byte = static_cast<std::uint64_t>(static_cast<unsigned char>(bytes_[at_++]));
            if (shift == 63 && byte > 1) break;
            value |= (byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        failed_ = true;
        return 0;
    }

    std::string_view raw(std::uint64_t count)
    {
        if (count > bytes_.size() - at_) {
            failed_ = true;
            return {};
        }
        const auto from = at_;
        at_ += count;
        return bytes_.substr(from, count);
    }

    std::string_view text() { return raw(number()); }

    std::string_view texts(std::uint64_t count)
    {
        const auto from = at_;
        for (; count > 0 && not failed_; --count) text();
        return bytes_.substr(from, at_ - from);
    }

    std::size_t at() const { return at_; }
    bool ended() const { return at_ == bytes_.size(); }
    bool failed() const { return failed_; }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    bool failed_    = false;
};

// The fields of a command after its id.
CommandFields command_at(Steps& steps, std::string_view id, std::string_view bytes)
{
    CommandFields command{.id = id, .content = {}};
    const auto from = steps.at();
    steps.text();
    command.events = steps.number();
    steps.number();
    command.last_position = steps.number();
    command.content       = bytes.substr(from, steps.at() - from);
    return command;
}

} // namespace

result<EventFields> event_fields_at(const RecordView& record, Position position)
{
    if (record.is_gone(position)) {
        const auto place = record.place_of(position);
        return EventFields{.stream  = place.stream,
                           .version = place.version,
                           .id      = record.id_of_gone(position),
                           .type    = {},
                           .tags    = {}};
    }
    BOOST_OUTCOME_TRY(const auto body, record.body_at(position));
    EventFields event{.stream = body.stream, .version = body.version, .id = {}, .type = {}, .tags = {}};
    Steps steps{body.bytes};
    event.id          = steps.raw(id_bytes);
    const auto* flags = steps.raw(1).data();
    if (flags == nullptr) return damaged_record(position, "it ends too early");
    if ((static_cast<unsigned char>(*flags) & ~body_flags::known) != 0) {
        return damaged_record(position, "it holds what this program does not know");
    }
    event.type = steps.text();
    if (steps.number() > std::numeric_limits<std::uint32_t>::max()) {
        return damaged_record(position, "its schema version is too large");
    }
    if ((*flags & body_flags::correlation) != 0) steps.raw(id_bytes);
    if ((*flags & body_flags::causation) != 0) steps.raw(id_bytes);
    if ((*flags & body_flags::tags) != 0) event.tags = steps.texts(steps.number());
    if ((*flags & body_flags::headers) != 0) {
        for (auto left = steps.number(); left > 0 && not steps.failed(); --left) steps.texts(2);
    }
    if (steps.failed()) return damaged_record(position, "it ends too early");
    return event;
}

std::string_view take_text(std::string_view& texts)
{
    Steps steps{texts};
    const auto text = steps.text();
    texts.remove_prefix(steps.at());
    return text;
}

result<void> command_fields_of(const RecordView& record, std::vector<CommandFields>& commands)
{
    commands.clear();
    const auto bytes = record.command_bytes();
    Steps steps{bytes};
    for (auto left = steps.number(); left > 0 && not steps.failed(); --left) {
        const auto id = steps.raw(id_bytes);
        commands.push_back(command_at(steps, id, bytes));
    }
    if (steps.failed() || not steps.ended()) return damaged_record(record.last(), "its commands are damaged");
    return done();
}

std::optional<CommandFields> command_fields_at(std::string_view id, std::string_view value)
{
    if (id.size() != id_bytes || value.size() < 1 + checksum_bytes) return std::nullopt;
    const auto checked = value.substr(0, value.size() - checksum_bytes);
    if (XXH3_64bits(checked.data(), checked.size()) != read_big_endian(value.substr(checked.size()))) {
        return std::nullopt;
    }
    if (static_cast<std::uint8_t>(value[0]) != command_version) return std::nullopt;
    const auto content = checked.substr(1);
    Steps steps{content};
    const auto command = command_at(steps, id, content);
    if (steps.failed() || not steps.ended()) return std::nullopt;
    return command;
}

} // namespace eventloom
