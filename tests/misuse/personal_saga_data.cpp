// expect: personal_fields_have_no_place_in_the_data_of_saga<Welcome>
#include <eventloom/sagas/saga.hpp>
namespace el = eventloom;
struct Welcome {
    el::personal<std::string> name;
};
el::Saga welcome()
{
    return el::saga<Welcome>("welcome", 1);
}
