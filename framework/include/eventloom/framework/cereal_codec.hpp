// Defines codec<T> as event_codec.hpp does, and for types with functions of their own for cereal as well. Include it in the one source
// file that instantiates a codec of such a type:
//
//     struct Sealed { std::string text; template <class Archive> void serialize(Archive& archive) { archive(text); } };
//
//     #include <eventloom/framework/cereal_codec.hpp>
//     template struct eventloom::codec<Sealed>;
//
// `serialize`, or `save` and `load`, or `save_minimal` and `load_minimal`, as members or beside the type, win over its members. What they
// give to the archive is written as everywhere else. Types that cereal itself knows (`<cereal/types/memory.hpp>`, ...) can be used where
// cereal's header for them is included before. Needs cereal. Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/own_functions.hpp>
#include <eventloom/framework/detail/value_codec.hpp>

#include <cereal/cereal.hpp>
#include <cereal/types/common.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace eventloom::detail {

// Types that are written and read by their description, whatever archive they are given to.
template <class T>
concept walked = kind_of<T>() != Kind::own;

// cereal's archives of numbers and texts hand what is described to its description, and the rest to cereal.
class CerealWriter : public cereal::OutputArchive<CerealWriter, cereal::AllowEmptyClassElision> {
public:
    explicit CerealWriter(Encoding& to) : OutputArchive{this}, to_{to} {}

    template <class... Part>
    CerealWriter& operator()(Part&&... part)
    {
        (write(std::as_const(part)), ...);
        return *this;
    }
    template <class Part>
    CerealWriter& operator&(Part&& part)
    {
        return (*this)(part);
    }
    template <class Part>
    CerealWriter& operator<<(Part&& part)
    {
        return (*this)(part);
    }

    template <class T>
    void write(const T& value)
    {
        if constexpr (walked<T>) {
            put(to_, description_of<T>, &value);
        } else {
            OutputArchive::operator()(value);
        }
    }
    template <class T>
    void write(const cereal::NameValuePair<T>& pair) // names are for people; the bytes have none
    {
        write(std::as_const(pair.value));
    }
    template <class T>
    void write(const cereal::SizeTag<T>& tag)
    {
        put_size(to_, tag.size);
    }

private:
    Encoding& to_;
};

class CerealReader : public cereal::InputArchive<CerealReader, cereal::AllowEmptyClassElision> {
public:
    explicit CerealReader(Decoding& from) : InputArchive{this}, from_{from} {}

    template <class... Part>
    CerealReader& operator()(Part&&... part)
    {
        (read(part), ...);
        return *this;
    }
    template <class Part>
    CerealReader& operator&(Part&& part)
    {
        return (*this)(part);
    }
    template <class Part>
    CerealReader& operator>>(Part&& part)
    {
        return (*this)(part);
    }

    template <class T>
    void read(T& value)
    {
        if constexpr (walked<T>) {
            take(from_, description_of<T>, &value);
        } else {
            InputArchive::operator()(value);
        }
    }
    template <class T>
    void read(cereal::NameValuePair<T>& pair)
    {
        read(pair.value);
    }
    template <class T>
    void read(cereal::SizeTag<T>& tag)
    {
        tag.size = static_cast<std::remove_reference_t<T>>(take_size(from_));
    }
    Decoding& from() { return from_; }

private:
    Decoding& from_;
};

class CerealJson : public cereal::OutputArchive<CerealJson, cereal::AllowEmptyClassElision> {
public:
    explicit CerealJson(JsonWriter& json) : OutputArchive{this}, json_{json} {}

    template <class... Part>
    CerealJson& operator()(Part&&... part)
    {
        (write(std::as_const(part)), ...);
        return *this;
    }
    template <class Part>
    CerealJson& operator&(Part&& part)
    {
        return (*this)(part);
    }
    template <class Part>
    CerealJson& operator<<(Part&& part)
    {
        return (*this)(part);
    }

    template <class T>
    void write(const T& value)
    {
        if constexpr (walked<T>) {
            json_.begin_place();
            json_.value(description_of<T>, &value);
        } else {
            OutputArchive::operator()(value);
        }
    }
    template <class T>
    void write(const cereal::NameValuePair<T>& pair)
    {
        json_.name_next(pair.name);
        write(std::as_const(pair.value));
    }
    template <class T>
    void write(const cereal::SizeTag<T>&)
    {
        json_.make_list();
    }
    template <walked Base>
    void write(const cereal::base_class<Base>& base)
    {
        write(*base.base_ptr);
    }
    JsonWriter& json() { return json_; }

private:
    JsonWriter& json_;
};

// ---- What cereal itself hands to an archive: the one value of `save_minimal`, a base class that is a plain struct, the number of
// ---- a class's version.

template <class Archive>
concept writes_values = std::is_same_v<Archive, CerealWriter> || std::is_same_v<Archive, CerealJson>;

template <writes_values Archive, walked T>
void save(Archive& archive, const T& value)
{
    archive.write(value);
}
template <walked T>
void load(CerealReader& archive, T& value)
{
    archive.read(value);
}
template <writes_values Archive, class T>
void save(Archive& archive, const cereal::NameValuePair<T>& pair)
{
    archive.write(pair);
}
template <class T>
void load(CerealReader& archive, cereal::NameValuePair<T>& pair)
{
    archive.read(pair);
}

template <class T>
void prologue(CerealReader& archive, const T&)
{
    if constexpr (std::is_class_v<T>) archive.from().enter();
}
template <class T>
void epilogue(CerealReader& archive, const T&)
{
    if constexpr (std::is_class_v<T>) archive.from().leave();
}

// What is one value is no node.
template <class T>
inline constexpr bool is_node =
    not walked<T> && not cereal::traits::has_minimal_output_serialization<T, CerealJson>::value &&
    not cereal::traits::has_minimal_base_class_serialization<T, cereal::traits::has_minimal_output_serialization,
                                                             CerealJson>::value;
template <class T>
void prologue(CerealJson& archive, const T&)
{
    if constexpr (is_node<T>) archive.json().begin_node();
}
template <class T>
void epilogue(CerealJson& archive, const T&)
{
    if constexpr (is_node<T>) archive.json().end_node();
}

// ---- Shapes

// Visits what a `serialize` writes, which is called with a value of no meaning.
class CerealShape {
public:
    using is_saving  = std::true_type;
    using is_loading = std::false_type;

    explicit CerealShape(ShapeText& text) : text_{text} {}

    template <class... Part>
    CerealShape& operator()(Part&&... part)
    {
        (visit(std::as_const(part)), ...);
        return *this;
    }
    template <class Part>
    CerealShape& operator&(Part&& part)
    {
        return (*this)(part);
    }
    template <class Part>
    CerealShape& operator<<(Part&& part)
    {
        return (*this)(part);
    }

private:
    template <class T>
    void visit(const T&)
    {
        text_.add_named("-", description_of<T>);
    }
    template <class T>
    void visit(const cereal::NameValuePair<T>& pair)
    {
        text_.add_named(pair.name, description_of<std::remove_cvref_t<T>>);
    }
    template <class Base>
    void visit(const cereal::base_class<Base>&)
    {
        text_.add_named("-", description_of<Base>);
    }
    template <class T>
    void visit(const cereal::SizeTag<T>&)
    {
        text_.is_not_known();
    }

    ShapeText& text_;
};

template <class T>
concept serializes_its_shape = requires(T& value, CerealShape& archive) { value.serialize(archive); };
template <class T>
concept shape_beside = requires(T& value, CerealShape& archive) { serialize(archive, value); };

template <class Archive, class Walk>
Archive& archive_of(Walk& walk)
{
    if (walk.archive == nullptr) walk.archive = std::make_shared<Archive>(walk);
    return *static_cast<Archive*>(walk.archive.get());
}

template <class T>
struct cereal_functions_of {
    static void write(const void* value, Encoding& to)
    {
        archive_of<CerealWriter>(to).OutputArchive::operator()(*static_cast<const T*>(value));
    }
    static void read(void* value, Decoding& from)
    {
        archive_of<CerealReader>(from).InputArchive::operator()(*static_cast<T*>(value));
    }
    static void show(const void* value, JsonWriter& json)
    {
        archive_of<CerealJson>(json).OutputArchive::operator()(*static_cast<const T*>(value));
    }
    static void visit(ShapeText& text)
    {
        if constexpr (std::default_initializable<T> && serializes_its_shape<T>) {
            T value{};
            CerealShape archive{text};
            value.serialize(archive);
        } else if constexpr (std::default_initializable<T> && shape_beside<T>) {
            T value{};
            CerealShape archive{text};
            serialize(archive, value);
        } else {
            text.is_not_known();
        }
    }
    static constexpr OwnFunctions functions{write, read, show, visit};
};

} // namespace eventloom::detail

CEREAL_SETUP_ARCHIVE_TRAITS(eventloom::detail::CerealReader, eventloom::detail::CerealWriter)
