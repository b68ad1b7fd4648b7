# What t/property needs besides: schemathesis, from PyPI, in a place of its
# own.

# property_needed TEST...: sets DEVTALK_PROPERTY, the Python that has it, if one
# of the tests is there.
property_needed() {
    case " $* " in
    *" t/property/"*) ;;
    *) return 0 ;;
    esac

    packages_install property
    wanted=$ROOT/t/property/requirements.txt
    venv=$DEVTALK_BUILD/property
    cmp -s "$wanted" "$venv/requirements.txt" \
        || step "installing schemathesis" "$DEVTALK_HOME/log/property.log" \
                property_install \
        || die_with "$DEVTALK_HOME/log/property.log" \
               "schemathesis could not be installed (above)"

    DEVTALK_PROPERTY=$venv/bin/python
    export DEVTALK_PROPERTY
}

property_install() {
    rm -rf "$venv" \
        && python3 -m venv "$venv" \
        && "$venv/bin/pip" install --no-input --disable-pip-version-check \
               -r "$wanted" \
        && cp "$wanted" "$venv/requirements.txt"
}
