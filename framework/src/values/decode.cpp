#include "values/plan.hpp"

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/framework/detail/own_functions.hpp>
#include <eventloom/framework/detail/personal_parts.hpp>
#include <eventloom/framework/detail/value_codec.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace eventloom::detail {

namespace {

// Where the next byte is: handed from call to call, as in encode.cpp.
using At = const char*;

constexpr unsigned deepest_nesting = 64;
constexpr auto too_early = "the value ends too early", too_long = "a length is greater than what is left of the value";

At take_objects(Decoding& from, At at, const Description& type, void* first, std::size_t count);

std::size_t offset(const Decoding& from, At at)
{
    return static_cast<std::size_t>(at - from.bytes.data());
}

std::size_t left(const Decoding& from, At at)
{
    return from.bytes.size() - offset(from, at);
}

[[noreturn, gnu::cold]] void damaged(const Decoding& from, At at, const char* what)
{
    throw DamagedBytes{"damaged-value", what, offset(from, at)};
}

[[noreturn, gnu::cold]] void too_deep(const Decoding& from, At at)
{
    throw DamagedBytes{"value-too-deep", "values are nested too deeply", offset(from, at)};
}

inline void enter(Decoding& from, At at)
{
    if (++from.depth > deepest_nesting) too_deep(from, at);
}

struct Number {
    std::uint64_t value;
    At at;
};

Number take_long_number(const Decoding& from, At at)
{
    const At end        = from.bytes.data() + from.bytes.size();
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (at == end) damaged(from, at, too_early);
        const std::uint64_t next = static_cast<std::uint8_t>(*at++);
        if (shift == 63 && next > 1) break;
        value |= (next & 0x7f) << shift;
        if (next < 0x80) return {value, at};
    }
    damaged(from, at, "a number is longer than 64 bits");
}

inline Number take_number(const Decoding& from, At at)
{
    if (left(from, at) > 0 && static_cast<std::uint8_t>(*at) < 0x80) {
        return {static_cast<std::uint8_t>(*at), at + 1}; // most numbers are small
    }
    return take_long_number(from, at);
}

// A count of things that take at least one byte each.
inline Number take_length(const Decoding& from, At at)
{
    const Number length = take_number(from, at);
    if (length.value > left(from, length.at)) damaged(from, length.at, too_long);
    return length;
}

template <class Whole>
inline At take_numbers(const Decoding& from, At at, char* numbers, unsigned count)
{
    for (; count > 0; --count, numbers += sizeof(Whole)) {
        const Number coded = take_number(from, at);
        at                 = coded.at;
        Whole narrow;
        if constexpr (std::is_signed_v<Whole>) {
            const auto wide = static_cast<std::int64_t>(coded.value >> 1 ^ (~(coded.value & 1) + 1));
            narrow          = static_cast<Whole>(wide);
            if (narrow != wide) damaged(from, at, "a number is too large for its type");
        } else {
            narrow = static_cast<Whole>(coded.value);
            if (narrow != coded.value) damaged(from, at, "a number is too large for its type");
        }
        std::memcpy(numbers, &narrow, sizeof narrow);
    }
    return at;
}

At take_reals(const Decoding& from, At at, char* numbers, unsigned count, std::size_t size)
{
    for (; count > 0; --count, numbers += size) {
        std::uint64_t bits = 0;
        if (left(from, at) < sizeof bits) damaged(from, at, too_early);
        for (unsigned i = 0; i < sizeof bits; ++i) {
            bits |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(*at++)) << 8 * i;
        }
        const auto number = std::bit_cast<double>(bits);
        if (size == sizeof(float)) {
            *reinterpret_cast<float*>(numbers) = static_cast<float>(number);
        } else {
            *reinterpret_cast<double*>(numbers) = number;
        }
    }
    return at;
}

inline At take_text(const Decoding& from, At at, std::string& text)
{
    const Number length = take_length(from, at);
    text.assign(length.at, length.value);
    return length.at + length.value;
}

At take_flag(const Decoding& from, At at, char& flag)
{
    if (left(from, at) == 0) damaged(from, at, too_early);
    const char byte = *at++;
    if (byte != 0 && byte != 1) damaged(from, at, "a yes or no is neither");
    flag = byte;
    return at;
}

At take_list(Decoding& from, At at, const Description& type, void* list)
{
    const Description& element = *type.parts[0];
    const auto [count, begin]  = take_length(from, at);
    at                         = begin;
    // A short lie about the count costs little: room grows with what has really been read.
    if (count == 0) type.make(list, 0, 0);
    std::size_t room = 0;
    for (std::size_t next = 1 + 4096 / element.size; room < count; next = room) {
        const auto before   = room;
        room                = std::min(count, room + next);
        auto* const objects = static_cast<char*>(type.make(list, room, before));
        at                  = take_objects(from, at, element, objects + before * element.size, room - before);
    }
    return at;
}

At take_entries(Decoding& from, At at, const Description& type, void* entries)
{
    struct Context {
        Decoding& from;
        const Description& type;
    } context{from, type};
    const auto [count, begin] = take_length(from, at);
    from.at                   = begin;
    type.fill(entries, count, &context, [](void* held, const void* first, const void* second) {
        const auto& [from, type] = *static_cast<Context*>(held);
        take(from, *type.parts[0], const_cast<void*>(first));
        if (second != nullptr) take(from, *type.parts[1], const_cast<void*>(second));
    });
    return from.at;
}

At take_personal(Decoding& from, At at, const Description& type, void* part)
{
    if (left(from, at) == 0) damaged(from, at, too_early);
    switch (static_cast<PersonalForm>(*at++)) {
    case PersonalForm::erased:
        type.make(part, 0, 0);
        return at;
    case PersonalForm::open: {
        const Number length = take_length(from, at);
        at                  = take_objects(from, length.at, *type.parts[0], type.make(part, 1, 0), 1);
        if (at != length.at + length.value) damaged(from, at, "a personal part is not as long as it says");
        return at;
    }
    case PersonalForm::sealed:
        throw DamagedBytes{"personal-data-sealed",
                           "a personal part is sealed: read it through a store that has the keys", offset(from, at)};
    default:
        damaged(from, at, "a personal part is of no form that there is");
    }
}

At take_maybe(Decoding& from, At at, const Description& type, void* maybe)
{
    char is_empty    = 0;
    at               = take_flag(from, at, is_empty);
    void* const held = type.make(maybe, is_empty != 0 ? 0 : 1, 0);
    return take_objects(from, at, *type.parts[0], held, is_empty != 0 ? 0 : 1);
}

At take_choice(Decoding& from, At at, const Description& type, void* choice)
{
    const Number number = take_number(from, at);
    if (number.value >= type.count) damaged(from, number.at, "a variant has no such alternative");
    return take_objects(from, number.at, *type.parts[number.value], type.make(choice, number.value, 0), 1);
}

At take_own(Decoding& from, At at, const Description& type, void* value)
{
    from.at = at;
    type.own->read(value, from); // counts the depth itself
    return from.at;
}

// What a type may hold itself in.
At take_held(Decoding& from, At at, const Description& type, void* value)
{
    if (type.kind == Kind::own) return take_own(from, at, type, value);
    enter(from, at);
    switch (type.kind) {
    case Kind::array:
        at = take_objects(from, at, *type.parts[0], value, type.count);
        break;
    case Kind::list:
        at = take_list(from, at, type, value);
        break;
    case Kind::maybe:
        at = take_maybe(from, at, type, value);
        break;
    case Kind::choice:
        at = take_choice(from, at, type, value);
        break;
    case Kind::personal:
        at = take_personal(from, at, type, value);
        break;
    default:
        at = take_entries(from, at, type, value);
    }
    from.leave();
    return at;
}

[[gnu::always_inline]] inline At take_step(Decoding& from, At at, const Step& step, char* member)
{
    switch (step.doing) {
    case Doing::text: {
        auto* const texts = reinterpret_cast<std::string*>(member);
        for (unsigned i = 0; i < step.count; ++i) at = take_text(from, at, texts[i]);
        return at;
    }
    case Doing::s1:
        return take_numbers<std::int8_t>(from, at, member, step.count);
    case Doing::s2:
        return take_numbers<std::int16_t>(from, at, member, step.count);
    case Doing::s4:
        return take_numbers<std::int32_t>(from, at, member, step.count);
    case Doing::s8:
        return take_numbers<std::int64_t>(from, at, member, step.count);
    case Doing::u1:
        return take_numbers<std::uint8_t>(from, at, member, step.count);
    case Doing::u2:
        return take_numbers<std::uint16_t>(from, at, member, step.count);
    case Doing::u4:
        return take_numbers<std::uint32_t>(from, at, member, step.count);
    case Doing::u8:
        return take_numbers<std::uint64_t>(from, at, member, step.count);
    case Doing::flag:
        for (unsigned i = 0; i < step.count; ++i) at = take_flag(from, at, member[i]);
        return at;
    case Doing::real:
        return take_reals(from, at, member, step.count, step.type->size);
    default:
        return take_held(from, at, *step.type, member);
    }
}

At take_objects(Decoding& from, At at, const Description& type, void* first, std::size_t count)
{
    if (count == 0) return at;
    const Plan& plan       = plan_of(type, first);
    const Step* const step = plan.steps.data();
    const Step* const end  = step + plan.steps.size();
    auto* object           = static_cast<char*>(first);
    for (; count > 0; --count, object += type.size) {
        for (const Step* one = step; one != end; ++one) at = take_step(from, at, *one, object + one->offset);
    }
    return at;
}

} // namespace

void Decoding::enter()
{
    detail::enter(*this, at);
}

void take(Decoding& from, const Description& type, void* value)
{
    from.at = take_objects(from, from.at, type, value, 1);
}

std::size_t take_size(Decoding& from)
{
    const Number length = take_length(from, from.at);
    from.at             = length.at;
    return length.value;
}

Error error_of_reading(std::string_view name, std::size_t size)
{
    const std::string what_was_read = fmt::format("read a value of {} bytes", size);
    try {
        throw;
    } catch (const DamagedBytes& damage) {
        return {Failure::corrupt, damage.code(),
                fmt::format("{} and found at byte {} that {}; the bytes are not what was written, or not of this type",
                            what_was_read, damage.offset(), damage.what())};
    } catch (...) {
        auto thrown = exception_in_user_code("the serializer of", name);
        if (thrown.kind != Failure::defect) return thrown; // without memory nothing is known of the bytes
        return {Failure::corrupt, "damaged-value",
                what_was_read + ", " + thrown.sentence +
                    "; or the bytes are not what was written, or not of this type"};
    }
}

result<void> decode_value(const Description& type, void* value, std::string_view bytes, std::string_view name)
{
    try {
        Decoding from{bytes};
        take(from, type, value);
        if (left(from, from.at) > 0) {
            throw DamagedBytes{"trailing-bytes", "bytes are left over after the value", offset(from, from.at)};
        }
        return done();
    } catch (...) {
        return error_of_reading(name, bytes.size());
    }
}

} // namespace eventloom::detail
