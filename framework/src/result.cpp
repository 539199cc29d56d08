#include <eventloom/framework/result.hpp>

namespace eventloom {

std::string_view to_string(Failure kind)
{
    switch (kind) {
    case Failure::refused:
        return "refused";
    case Failure::conflict:
        return "conflict";
    case Failure::invalid:
        return "invalid";
    case Failure::corrupt:
        return "corrupt";
    case Failure::storage:
        return "storage";
    case Failure::unknown:
        return "unknown";
    case Failure::unavailable:
        return "unavailable";
    case Failure::defect:
        return "defect";
    }
    return "unnamed";
}

Error::Error() noexcept = default;
Error::Error(Failure kind_, std::string code_, std::string sentence_) noexcept
    : kind{kind_}, code{std::move(code_)}, sentence{std::move(sentence_)}
{
}
Error::Error(const Error& other)                = default;
Error::Error(Error&& other) noexcept            = default;
Error& Error::operator=(const Error& other)     = default;
Error& Error::operator=(Error&& other) noexcept = default;
Error::~Error()                                 = default;

outcome::failure_type<Error> fail(Failure kind, std::string_view code, std::string_view sentence)
{
    return outcome::failure(Error{kind, std::string{code}, std::string{sentence}});
}

outcome::failure_type<Error> refuse(std::string_view code, std::string_view sentence)
{
    return fail(Failure::refused, code, sentence);
}

} // namespace eventloom
