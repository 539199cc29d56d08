#include <eventloom/service/detail/json.hpp>

#include <algorithm>
#include <iterator>

namespace eventloom {

struct Json::Children {
    std::vector<Json> elements;
    std::vector<std::string> names; // of an object's members, in the same order
};

namespace {

const Json nothing;
const std::string no_text;

bool is_member(const Json& json)
{
    return json.is_array() && json.size() == 2 && json.at(0).is_text();
}

} // namespace

Json::Json(std::nullptr_t) noexcept {}

Json::Json(const char* text) : Json(std::string{text}) {}

Json::Json(std::string_view text) : Json(std::string{text}) {}

Json::Json(std::string text) : kind_{Kind::text}, text_{std::move(text)} {}

Json::Json(std::vector<Json> elements) : kind_{Kind::array}, children_{new Children{std::move(elements), {}}} {}

Json::Json(std::initializer_list<Json> elements) : Json()
{
    if (not std::all_of(elements.begin(), elements.end(), is_member)) {
        *this = Json(std::vector<Json>(elements));
        return;
    }
    *this = object();
    for (const Json& member : elements) (*this)[member.at(0).text()] = member.at(1);
}

Json::Json(const Json& other)
    : kind_{other.kind_}, whole_{other.whole_}, text_{other.text_},
      children_{other.children_ ? new Children{*other.children_} : nullptr}
{
}

Json::Json(Json&& other) noexcept
    : kind_{std::exchange(other.kind_, Kind::null)}, whole_{other.whole_}, text_{std::move(other.text_)},
      children_{std::move(other.children_)}
{
}

Json& Json::operator=(const Json& other)
{
    return *this = Json(other);
}

Json& Json::operator=(Json&& other) noexcept
{
    kind_     = std::exchange(other.kind_, Kind::null);
    whole_    = other.whole_;
    text_     = std::move(other.text_);
    children_ = std::move(other.children_);
    return *this;
}

Json::~Json() = default;

Json Json::array()
{
    return Json(std::vector<Json>{});
}

Json Json::array(std::initializer_list<Json> elements)
{
    return Json(std::vector<Json>(elements));
}

Json Json::object()
{
    Json json;
    json.kind_     = Kind::object;
    json.children_ = std::make_unique<Children>();
    return json;
}

void Json::set_boolean(bool value) noexcept
{
    kind_    = Kind::boolean;
    boolean_ = value;
}

void Json::set_negative(std::int64_t value) noexcept
{
    kind_     = Kind::negative;
    negative_ = value;
}

void Json::set_whole(std::uint64_t value) noexcept
{
    kind_  = Kind::whole;
    whole_ = value;
}

void Json::set_number(double value) noexcept
{
    kind_   = Kind::number;
    number_ = value;
}

std::int64_t Json::whole() const
{
    if (kind_ == Kind::negative) return negative_;
    return kind_ == Kind::whole ? static_cast<std::int64_t>(whole_) : 0;
}

std::uint64_t Json::unsigned_whole() const
{
    return kind_ == Kind::whole ? whole_ : 0;
}

double Json::number() const
{
    if (kind_ == Kind::number) return number_;
    return kind_ == Kind::negative ? static_cast<double>(negative_) : static_cast<double>(unsigned_whole());
}

const std::string& Json::text() const
{
    return kind_ == Kind::text ? text_ : no_text;
}

std::span<const Json> Json::elements() const
{
    if (not children_) return {};
    return children_->elements;
}

const Json& Json::at(std::size_t place) const
{
    return place < size() ? elements()[place] : nothing;
}

std::span<const std::string> Json::names() const
{
    if (not children_) return {};
    return children_->names;
}

JsonItems Json::items() const&
{
    return {names(), elements().data()};
}

const Json* Json::find(std::string_view name) const
{
    if (kind_ != Kind::object) return nullptr;
    const auto& names = children_->names;
    const auto found  = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return nullptr;
    return &children_->elements[static_cast<std::size_t>(found - names.begin())];
}

Json* Json::find(std::string_view name)
{
    return const_cast<Json*>(std::as_const(*this).find(name));
}

const Json& Json::operator[](std::string_view name) const
{
    const Json* const found = find(name);
    return found != nullptr ? *found : nothing;
}

Json& Json::operator[](std::string_view name)
{
    if (Json* const found = find(name); found != nullptr) return *found;
    if (kind_ != Kind::object) *this = object();
    children_->names.emplace_back(name);
    return children_->elements.emplace_back();
}

Json& Json::push_back(Json element)
{
    if (kind_ != Kind::array) *this = array();
    return children_->elements.emplace_back(std::move(element));
}

void Json::update(const Json& object)
{
    for (const auto& [name, value] : object.items()) (*this)[name] = value;
}

void Json::erase(std::string_view name)
{
    const Json* const found = find(name);
    if (found == nullptr) return;
    const auto place = found - children_->elements.data();
    children_->elements.erase(children_->elements.begin() + place);
    children_->names.erase(children_->names.begin() + place);
}

void Json::reverse()
{
    if (children_) std::reverse(children_->elements.begin(), children_->elements.end());
}

bool operator==(const Json& one, const Json& other)
{
    if (one.is_number() && other.is_number() && one.kind_ != other.kind_) return one.number() == other.number();
    if (one.kind_ != other.kind_ || one.size() != other.size()) return false;
    switch (one.kind_) {
    case Json::Kind::null:
        return true;
    case Json::Kind::boolean:
        return one.boolean_ == other.boolean_;
    case Json::Kind::negative:
    case Json::Kind::whole:
        return one.whole_ == other.whole_;
    case Json::Kind::number:
        return one.number_ == other.number_;
    case Json::Kind::text:
        return one.text_ == other.text_;
    case Json::Kind::array:
        return std::ranges::equal(one.elements(), other.elements());
    case Json::Kind::object:
        break;
    }
    for (const auto& [name, value] : one.items()) {
        const Json* const same = other.find(name);
        if (same == nullptr || not(*same == value)) return false;
    }
    return true;
}

} // namespace eventloom
