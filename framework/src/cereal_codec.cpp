#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/number_text.hpp>
#include <eventloom/framework/utf8.hpp>

#include <algorithm>
#include <cmath>

namespace cereal {

void save(JSONOutputArchive& archive, const double& number)
{
    std::isfinite(number) ? archive.saveValue(number) : archive.saveValue(eventloom::number_text(number));
}

void save(JSONOutputArchive& archive, const float& number)
{
    save(archive, eventloom::with_the_same_digits(number));
}

} // namespace cereal

namespace eventloom::detail {

Error damaged_value(const DamagedBytes& damage, std::size_t size)
{
    return {Failure::corrupt, damage.code(),
            "read a value of " + std::to_string(size) + " bytes and found at byte " + std::to_string(damage.offset()) +
                " that " + damage.what() + "; the bytes are not what was written, or not of this type"};
}

Error damaged_value(Error thrown, std::size_t size)
{
    if (thrown.kind != Failure::defect) return thrown; // without memory nothing is known of the bytes
    return {Failure::corrupt, "damaged-value",
            "read a value of " + std::to_string(size) + " bytes, " + thrown.sentence +
                "; or the bytes are not what was written, or not of this type"};
}

std::string not_shown(const Error& thrown)
{
    std::string text = "\"(cannot be shown: ";
    for (const char character : thrown.sentence) {
        if (character == '"' || character == '\\') text.push_back('\\');
        text.push_back(character);
    }
    return text + ")\"";
}

std::string one_line(const std::string& json)
{
    // Within a JSON text a line break is only ever layout: in strings it is escaped.
    std::string line = json;
    line.erase(std::remove(line.begin(), line.end(), '\n'), line.end());
    return repaired_utf8(line);
}

std::string facts_in_json(std::string_view name, const std::vector<NamedJson>& facts)
{
    if (facts.size() == 1 && facts.front().name == name) return facts.front().json;
    std::string json = "[";
    for (const auto& fact : facts) {
        json += (json.size() > 1 ? ",{\"" : "{\"") + std::string{fact.name} + "\":" + fact.json + "}";
    }
    return json + "]";
}

} // namespace eventloom::detail
