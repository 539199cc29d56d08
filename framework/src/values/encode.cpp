#include "values/plan.hpp"

#include <eventloom/framework/detail/own_functions.hpp>
#include <eventloom/framework/detail/personal_parts.hpp>
#include <eventloom/framework/detail/value_codec.hpp>

#include <bit>
#include <cstring>

namespace eventloom::detail {

namespace {

// Where the next byte goes is handed from call to call, and not kept in the Encoding: a character that is written could be a part of
// that, and it would be read again each time.

constexpr std::size_t longest_number = 10;
// What a step writes without asking, beside the characters of texts.
constexpr std::size_t room = 64;
static_assert(most_in_step * longest_number <= room);

std::size_t left(const Encoding& to, const char* at)
{
    return static_cast<std::size_t>(to.buffer.bytes + sizeof to.buffer.bytes - at);
}

char* flush(Encoding& to, char* at)
{
    to.out.append(to.buffer.bytes, static_cast<std::size_t>(at - to.buffer.bytes));
    return to.buffer.bytes;
}

// LEB128: seven bits a byte, the lowest first.
inline char* put_number(char* at, std::uint64_t value)
{
    for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
    *at++ = static_cast<char>(value);
    return at;
}

template <class Number>
inline char* put_numbers(char* at, const char* numbers, unsigned count)
{
    for (; count > 0; --count, numbers += sizeof(Number)) {
        Number number;
        std::memcpy(&number, numbers, sizeof number);
        if constexpr (std::is_signed_v<Number>) {
            // Zigzag: 0, -1, 1, -2 become 0, 1, 2, 3, so that small numbers are short whatever their sign.
            const std::int64_t wide = number;
            at = put_number(at, static_cast<std::uint64_t>(wide) << 1 ^ static_cast<std::uint64_t>(wide >> 63));
        } else {
            at = put_number(at, number);
        }
    }
    return at;
}

char* put_reals(char* at, const char* numbers, unsigned count, std::size_t size)
{
    for (; count > 0; --count, numbers += size) {
        const double number = size == sizeof(float) ? *reinterpret_cast<const float*>(numbers)
                                                    : *reinterpret_cast<const double*>(numbers);
        const auto bits     = std::bit_cast<std::uint64_t>(number);
        for (unsigned i = 0; i < sizeof bits; ++i) *at++ = static_cast<char>(bits >> 8 * i);
    }
    return at;
}

template <class Piece>
inline void copy_two(char* to, const char* from, std::size_t size)
{
    Piece head, tail;
    std::memcpy(&head, from, sizeof head);
    std::memcpy(&tail, from + size - sizeof tail, sizeof tail);
    std::memcpy(to, &head, sizeof head);
    std::memcpy(to + size - sizeof tail, &tail, sizeof tail);
}

// A call of memcpy costs more than the few bytes that it mostly moves: two pieces that overlap do.
inline char* copy(char* to, const char* from, std::size_t size)
{
    struct Sixteen {
        std::uint64_t half[2];
    };
    if (size > 32) {
        std::memcpy(to, from, size);
    } else if (size >= 16) {
        copy_two<Sixteen>(to, from, size);
    } else if (size >= 8) {
        copy_two<std::uint64_t>(to, from, size);
    } else if (size >= 4) {
        copy_two<std::uint32_t>(to, from, size);
    } else {
        for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
    }
    return to + size;
}

inline char* put_text(Encoding& to, char* at, const std::string& text)
{
    if (text.size() + room <= left(to, at)) [[likely]] {
        return copy(put_number(at, text.size()), text.data(), text.size());
    }
    flush(to, put_number(flush(to, at), text.size()));
    to.out.append(text);
    return to.buffer.bytes;
}

char* put_objects(Encoding& to, char* at, const Description& type, const void* first, std::size_t count);

// Both call back: a container for its entries, a type's own functions for whatever they hold.
char* put_entries(Encoding& to, char* at, const Description& type, const void* entries)
{
    struct Context {
        Encoding& to;
        const Description& type;
    } context{to, type};
    to.at = put_number(at, type.held(entries).number);
    type.each(entries, &context, [](void* held, const void* first, const void* second) {
        const auto& [to, type] = *static_cast<Context*>(held);
        put(to, *type.parts[0], first);
        if (second != nullptr) put(to, *type.parts[1], second);
    });
    return to.at;
}

char* put_own(Encoding& to, char* at, const Description& type, const void* value)
{
    to.at = at;
    type.own->write(value, to);
    return to.at;
}

// A part that can be taken out, sealed and put back by somebody who knows nothing of its type.
char* put_personal(Encoding& to, char* at, const Description& type, const void* part)
{
    const Held held = type.held(part);
    if (to.personal_places != nullptr) {
        to.personal_places->push_back(to.out.size() + static_cast<std::size_t>(at - to.buffer.bytes));
    }
    *at++ = static_cast<char>(held.at == nullptr ? PersonalForm::erased : PersonalForm::open);
    if (held.at == nullptr) return at;
    std::string bytes;
    encode_value(*type.parts[0], held.at, bytes, nullptr);
    return put_text(to, at, bytes);
}

char* put_held(Encoding& to, char* at, const Description& type, const void* value)
{
    switch (type.kind) {
    case Kind::array:
        return put_objects(to, at, *type.parts[0], value, type.count);
    case Kind::list: {
        const Held held = type.held(value);
        return put_objects(to, put_number(at, held.number), *type.parts[0], held.at, held.number);
    }
    case Kind::maybe: {
        const Held held = type.held(value);
        *at++           = held.at == nullptr ? 1 : 0;
        return put_objects(to, at, *type.parts[0], held.at, held.number);
    }
    case Kind::choice: {
        const Held held = type.held(value);
        return put_objects(to, put_number(at, held.number), *type.parts[held.number], held.at, 1);
    }
    case Kind::personal:
        return put_personal(to, at, type, value);
    case Kind::own:
        return put_own(to, at, type, value);
    default:
        return put_entries(to, at, type, value);
    }
}

[[gnu::always_inline]] inline char* put_step(Encoding& to, char* at, const Step& step, const char* member)
{
    switch (step.doing) {
    case Doing::text: {
        const auto* const texts = reinterpret_cast<const std::string*>(member);
        for (unsigned i = 0; i < step.count; ++i) at = put_text(to, at, texts[i]);
        return at;
    }
    case Doing::s1:
        return put_numbers<std::int8_t>(at, member, step.count);
    case Doing::s2:
        return put_numbers<std::int16_t>(at, member, step.count);
    case Doing::s4:
        return put_numbers<std::int32_t>(at, member, step.count);
    case Doing::s8:
        return put_numbers<std::int64_t>(at, member, step.count);
    case Doing::u1:
        return put_numbers<std::uint8_t>(at, member, step.count);
    case Doing::u2:
        return put_numbers<std::uint16_t>(at, member, step.count);
    case Doing::u4:
        return put_numbers<std::uint32_t>(at, member, step.count);
    case Doing::u8:
        return put_numbers<std::uint64_t>(at, member, step.count);
    case Doing::flag:
        for (unsigned i = 0; i < step.count; ++i) *at++ = member[i] != 0 ? 1 : 0;
        return at;
    case Doing::real:
        return put_reals(at, member, step.count, step.type->size);
    default:
        return put_held(to, at, *step.type, member);
    }
}

char* put_objects(Encoding& to, char* at, const Description& type, const void* first, std::size_t count)
{
    if (count == 0) return at;
    const Plan& plan       = plan_of(type, first);
    const Step* const step = plan.steps.data();
    const Step* const end  = step + plan.steps.size();
    const auto* object     = static_cast<const char*>(first);
    for (; count > 0; --count, object += type.size) {
        for (const Step* one = step; one != end; ++one) {
            if (left(to, at) < room) at = flush(to, at);
            at = put_step(to, at, *one, object + one->offset);
        }
    }
    return at;
}

} // namespace

void put(Encoding& to, const Description& type, const void* value)
{
    to.at = put_objects(to, to.at, type, value, 1);
}

void put_size(Encoding& to, std::uint64_t size)
{
    if (left(to, to.at) < longest_number) to.at = flush(to, to.at);
    to.at = put_number(to.at, size);
}

void encode_value(const Description& type, const void* value, std::string& out,
                  std::vector<std::size_t>* personal_places)
{
    Encoding::Buffer buffer;
    Encoding to{out, buffer, personal_places};
    put(to, type, value);
    flush(to, to.at);
}

} // namespace eventloom::detail
