// How a type that is not walked by its description is written, read and shown: by functions of its own, which call back for whatever
// they hold.
//
//     void write(const void* value, Encoding& to) { put(to, description_of<std::string>, &static_cast<const Secret*>(value)->text); }
//
// cereal_codec.hpp makes these functions of a type's cereal ones. Threads: one walk, one thread.
#pragma once

#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/detail/shape.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom::detail {

// What is written gathers in a buffer, for many small appends to a string cost more than the encoding. `personal_places`, when there
// is one, is told where in `out` each personal part begins. `archive`: one of cereal's for the whole value, for it knows what was
// written before.
struct Encoding {
    struct Buffer {
        char bytes[1024];
    };
    std::string& out;
    Buffer& buffer;
    std::vector<std::size_t>* personal_places;
    char* at                      = buffer.bytes; // where the next byte goes
    std::shared_ptr<void> archive = nullptr;
};
void put(Encoding& to, const Description& type, const void* value);
void put_size(Encoding& to, std::uint64_t size);

struct Decoding {
    std::string_view bytes;
    const char* at                = bytes.data(); // the next byte
    unsigned depth                = 0;
    std::shared_ptr<void> archive = nullptr;

    void enter(); // what a type may hold itself in
    void leave() { --depth; }
};
void take(Decoding& from, const Description& type, void* value);
std::size_t take_size(Decoding& from);

// JSON on one line. What serializes itself writes nodes: each becomes an object or a list by what is first put into it.
class JsonWriter {
public:
    explicit JsonWriter(std::string& out) : out_{out} {}

    void value(const Description& type, const void* value);
    void members(const Description& record, const void* value);

    // Of the next place. One without a name is value0, value1, ...
    void name_next(std::string_view name) { next_name_ = name; }
    void begin_place();
    void begin_node();
    void make_list() { nodes_.back().kind = Node::new_list; }
    void end_node();

    std::shared_ptr<void> archive;

private:
    struct Node {
        enum Kind { place, new_object, object, new_list, list } kind = place;
        unsigned unnamed                                             = 0;
    };

    void member(const Description& owner, const Description& type, const void* value);
    void name(std::string_view name);
    void text(std::string_view text);
    template <class Number>
    void real(Number number);
    void time(const Description& type, const void* value);
    void entries(const Description& type, const void* value);
    void elements(const Description& type, const void* value);
    void choice(const Description& type, const void* value);
    void parts(const Description& type, const void* value);

    std::string& out_;
    std::string next_name_;
    std::vector<Node> nodes_{Node{}};
};

// The text of a shape (shape.hpp).
class ShapeText {
public:
    void add(const Description& type);
    void add_named(std::string_view name, const Description& type);
    void is_not_known() { is_known_ = false; }
    Shape shape() const;

private:
    void add_number(char kind, const Description& type);
    void add_parts(char kind, const Description& type);
    void add_entries(const Description& map);
    void add_members(const Description& record);
    void add_own(const Description& type);
    void close();

    std::string text_;
    std::vector<const Description*> within_; // that are being described, the outermost first
    bool is_known_ = true;
};

struct OwnFunctions {
    void (*write)(const void* value, Encoding& to);
    void (*read)(void* value, Decoding& from);
    void (*show)(const void* value, JsonWriter& json);
    void (*visit)(ShapeText& shape); // nullptr: its shape is not known
};

} // namespace eventloom::detail
