// A JSON value: the output of commands, and what a program sends and receives. Members of an object keep their order.
//
//     el::Json order{{"order", "1042"}, {"pieces", 6}, {"total", nullptr}};
//     order["lines"] = el::Json::array();
//     order["lines"].push_back({{"sku", "85123A"}, {"pieces", 6}});
//     order.dump();                            // {"order":"1042","pieces":6,"total":null,"lines":[{...}]}
//     for (const auto& [name, value] : order.items()) ...
//     for (const el::Json& line : order["lines"].elements()) ...
//
// Braces make an object when each inner pair of braces holds a text and a value; otherwise they make an array. array() and
// object() choose explicitly. Bytes that are not UTF-8 are written as U+FFFD. The code is compiled once, so the header is
// cheap to include. Threads: a value, no sharing.
// For output.hpp: include that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace eventloom {

class JsonItems;

class Json {
public:
    Json(std::nullptr_t = nullptr) noexcept;
    Json(const char* text);
    Json(std::string_view text);
    Json(std::string text);
    Json(std::vector<Json> elements);
    Json(std::initializer_list<Json> elements);

    template <class Number>
        requires std::is_arithmetic_v<Number>
    Json(Number number) noexcept : Json{}
    {
        if constexpr (std::is_same_v<Number, bool>) {
            set_boolean(number);
        } else if constexpr (std::is_floating_point_v<Number>) {
            set_number(number);
        } else if constexpr (std::is_signed_v<Number>) {
            number < 0 ? set_negative(number) : set_whole(static_cast<std::uint64_t>(number));
        } else {
            set_whole(number);
        }
    }

    // Null when the optional is empty.
    template <class Value>
    Json(const std::optional<Value>& value) : Json{}
    {
        if (value) *this = Json(*value);
    }

    template <class Value>
    Json(const std::vector<Value>& values) : Json(std::vector<Json>(values.begin(), values.end()))
    {
    }

    Json(const Json& other);
    Json(Json&& other) noexcept;
    Json& operator=(const Json& other);
    Json& operator=(Json&& other) noexcept;
    ~Json();

    static Json array();
    static Json array(std::initializer_list<Json> elements);
    static Json object();

    // Nothing when the text is not JSON. For text from outside check its depth first: values nest as deep as the text does.
    static std::optional<Json> parse(std::string_view text);

    bool is_null() const { return kind_ == Kind::null; }
    bool is_boolean() const { return kind_ == Kind::boolean; }
    bool is_text() const { return kind_ == Kind::text; }
    bool is_array() const { return kind_ == Kind::array; }
    bool is_object() const { return kind_ == Kind::object; }
    bool is_whole() const { return kind_ == Kind::whole || kind_ == Kind::negative; }
    bool is_unsigned() const { return kind_ == Kind::whole; }
    bool is_number() const { return is_whole() || kind_ == Kind::number; }

    // The value; for a value of another kind false, 0 or "".
    bool boolean() const { return kind_ == Kind::boolean && boolean_; }
    std::int64_t whole() const;           // only for numbers
    std::uint64_t unsigned_whole() const; // the same, also above the largest signed number
    double number() const;
    const std::string& text() const;

    // Of an array or an object; otherwise 0.
    std::size_t size() const { return elements().size(); }
    bool empty() const { return elements().empty(); }
    std::span<const Json> elements() const;
    const Json& at(std::size_t place) const; // null after the end

    // Members with their names. The value must outlive the loop over them.
    JsonItems items() const&;
    JsonItems items() const&& = delete;
    // nullptr when there is no such member, or this is not an object.
    const Json* find(std::string_view name) const;
    Json* find(std::string_view name);
    bool contains(std::string_view name) const { return find(name) != nullptr; }
    // Null when there is no such member.
    const Json& operator[](std::string_view name) const;
    const Json& operator[](const char* name) const { return (*this)[std::string_view{name}]; }
    // The member is made when it does not exist; a null value becomes an object.
    Json& operator[](std::string_view name);
    Json& operator[](const char* name) { return (*this)[std::string_view{name}]; }

    // Returns the new element. A null value becomes an array.
    Json& push_back(Json element);
    // Copies all members of another object into this one.
    void update(const Json& object);
    void erase(std::string_view name);
    void reverse();

    // On one line; with `indent`, one member on each line, indented by that many blanks.
    std::string dump(int indent = -1) const;
    // On one line, with \u escapes for what is not ASCII. Texts must be UTF-8; others throw.
    std::string dump_ascii() const;

    // Compares numbers by value, and members in any order.
    friend bool operator==(const Json& one, const Json& other);

private:
    enum class Kind : std::uint8_t { null, boolean, negative, whole, number, text, array, object };
    struct Children;
    struct Style;

    void set_boolean(bool value) noexcept;
    void set_negative(std::int64_t value) noexcept;
    void set_whole(std::uint64_t value) noexcept;
    void set_number(double value) noexcept;
    std::span<const std::string> names() const;
    void write(std::string& text, const Style& style, std::size_t depth) const;

    Kind kind_ = Kind::null;
    union {
        bool boolean_;
        std::int64_t negative_;
        std::uint64_t whole_ = 0;
        double number_;
    };
    std::string text_;
    std::unique_ptr<Children> children_; // only in an array or an object
};

// The members of an object one after the other, each with its name.
class JsonItems {
public:
    struct Item {
        const std::string& name;
        const Json& value;
    };
    struct Iterator {
        const std::string* name;
        const Json* value;
        Item operator*() const { return {*name, *value}; }
        Iterator& operator++()
        {
            ++name;
            ++value;
            return *this;
        }
        bool operator==(const Iterator& other) const { return value == other.value; }
    };

    JsonItems(std::span<const std::string> names, const Json* values) : names_{names}, values_{values} {}
    Iterator begin() const { return {names_.data(), values_}; }
    Iterator end() const { return {names_.data() + names_.size(), values_ + names_.size()}; }

private:
    std::span<const std::string> names_;
    const Json* values_;
};

// As Json::parse(), with the first name that an object has twice: of two values the later one is there.
struct ParsedJson {
    Json whole;
    std::optional<std::string> twice;
};
std::optional<ParsedJson> parse_closely(std::string_view text);

} // namespace eventloom
