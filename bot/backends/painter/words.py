"""The painter's vocabulary, in English and Spanish: one table. The first English term of an entry is its name in descriptions.

Plurals and the feminine forms of Spanish adjectives are derived by `bot.backends.painter.lexicon`; only irregular ones stand here.
"""

#: kind → name → (English terms, Spanish terms), separated by commas.
WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "place": {
        "coast": (
            "cliff, coast, seaside, shore, coastline, bay, headland",
            "acantilado, costa, litoral, orilla, bahía, cabo",
        ),
        "mountains": (
            "mountains, mountain, peak, alps, alpine, valley, volcano, canyon, himalaya",
            "montañas, montaña, sierra, cordillera, pico, alpes, valle, volcán, cañón",
        ),
        "forest": (
            "forest, woods, woodland, jungle, grove, rainforest, in the wood",
            "bosque, selva, jungla, arboleda",
        ),
        "city": (
            "city, street, skyline, town, downtown, metropolis, cityscape, avenue, skyscraper, building, urban, alley, tokyo, new york",
            "ciudad, calle, metrópolis, avenida, rascacielos, edificio, urbano, callejón, barrio, tokio, nueva york",
        ),
        "desert": ("desert, dunes, dune, sahara, sand", "desierto, dunas, duna, sáhara, arena"),
        "space": (
            "space, outer space, galaxy, nebula, cosmos, universe, cosmic, orbit",
            "espacio, galaxia, nebulosa, cosmos, universo, cósmico, órbita, espacio exterior",
        ),
        "lunar": (
            "on the moon, lunar, lunar surface, surface of the moon, moonscape, crater, mars, on mars, alien planet",
            "en la luna, lunar, superficie lunar, superficie de la luna, sobre la luna, cráter, marte",
        ),
        "sea": ("sea, ocean, waves, wave, high seas, seascape", "mar, océano, olas, ola, alta mar, oleaje"),
        "underwater": (
            "underwater, under the sea, under water, deep sea, coral reef, reef, seabed, under the ocean, coral",
            "bajo el mar, bajo el agua, submarino, fondo del mar, arrecife, arrecife de coral, coral, fondo marino, profundidades",
        ),
        "meadow": (
            "meadow, field, hills, hill, countryside, grassland, prairie, garden, farm, pasture, park, rural",
            "prado, campo, colinas, colina, pradera, jardín, granja, pasto, parque, campiña, cerro",
        ),
        "lake": (
            "lake, river, pond, fjord, lagoon, stream, waterfall",
            "lago, río, estanque, fiordo, laguna, arroyo, cascada",
        ),
        "beach": ("beach, tropical, coastal dunes", "playa, tropical"),
        "island": ("island, isle, islet, archipelago", "isla, islote, archipiélago"),
        "village": ("village, hamlet", "pueblo, aldea, pueblecito, pueblito"),
        "roof": ("roof, rooftop, on the roof", "tejado, azotea, techo"),
        "interior": (
            "still life, table, interior, room, indoors, kitchen, tabletop, library, on a table",
            "bodegón, naturaleza muerta, mesa, interior, habitación, cuarto, cocina, biblioteca, sala",
        ),
        "clouds": (
            "above the clouds, sky, heaven, in the sky, in the clouds",
            "sobre las nubes, cielo, en el cielo, entre las nubes",
        ),
    },
    "time": {
        "dawn": (
            "dawn, sunrise, daybreak, morning, early morning",
            "amanecer, alba, aurora matinal, mañana, madrugada, salida del sol",
        ),
        "day": (
            "day, daytime, noon, midday, sunny, afternoon, daylight, sunlit",
            "día, mediodía, soleado, tarde, de día",
        ),
        "golden": ("golden hour, late afternoon, golden light", "hora dorada, luz dorada, media tarde"),
        "sunset": ("sunset, sundown", "atardecer, puesta de sol, ocaso"),
        "dusk": ("dusk, twilight, evening, blue hour, nightfall, gloaming", "anochecer, crepúsculo, hora azul"),
        "night": (
            "night, midnight, nocturnal, moonlit, moonlight, starry, starry night, nighttime",
            "noche, medianoche, nocturno, luz de luna, estrellado, noche estrellada",
        ),
    },
    "weather": {
        "rain": ("rain, rainy, raining, drizzle, wet", "lluvia, lluvioso, lloviendo, llovizna, mojado, aguacero"),
        "snow": (
            "snow, snowy, snowing, snowfall, winter, icy, frozen, blizzard, ice, snow covered",
            "nieve, nevado, nevando, nevada, invierno, helado, congelado, ventisca, hielo, invernal",
        ),
        "fog": ("fog, foggy, mist, misty, haze, hazy", "niebla, neblina, brumoso, bruma, nebuloso"),
        "storm": (
            "storm, stormy, thunderstorm, lightning, thunder, tempest, hurricane",
            "tormenta, tormentoso, rayo, relámpago, trueno, tempestad, huracán",
        ),
        "cloudy": ("cloudy, overcast, clouds, cloud", "nublado, nubes, nube, cubierto"),
        "clear": ("clear sky, clear, cloudless", "despejado, cielo despejado"),
        "aurora": ("aurora, aurora borealis, northern lights", "aurora boreal, luces del norte, auroras boreales"),
        "rainbow": ("rainbow", "arcoíris, arco iris"),
        "stars": ("stars, star, shooting star, milky way", "estrellas, estrella, estrella fugaz, vía láctea"),
    },
    "season": {
        "autumn": ("autumn, fall, autumnal", "otoño, otoñal"),
        "spring": ("spring, springtime, cherry blossom, blossom, sakura", "primavera, primaveral, cerezo en flor"),
        "summer": ("summer, summertime", "verano, veraniego"),
    },
    "style": {
        "oil": (
            "oil painting, oil, painterly, oil on canvas, painting, brush strokes, brushstrokes, palette knife",
            "óleo, pintura al óleo, pictórico, pintura, cuadro, óleo sobre lienzo, pinceladas, espátula",
        ),
        "impressionist": (
            "impressionist, impressionism, monet, van gogh, post impressionist, pointillism",
            "impresionista, impresionismo, puntillismo",
        ),
        "watercolour": ("watercolour, watercolor, aquarelle, gouache", "acuarela, aguada, gouache"),
        "ink": (
            "ink, ink drawing, line art, pen and ink, etching, engraving, drawing, lineart, woodcut",
            "tinta, dibujo a tinta, línea, grabado, dibujo, aguafuerte, plumilla, xilografía",
        ),
        "pencil": (
            "pencil, sketch, charcoal, graphite, pencil drawing, pencil sketch",
            "lápiz, boceto, carboncillo, grafito, dibujo a lápiz",
        ),
        "pixel": (
            "pixel art, pixel, pixels, 8 bit, 8bit, 16 bit, 16bit, pixelated",
            "pixel art, píxel, pixelado, arte de píxeles, 8 bits, 16 bits",
        ),
        "flat": (
            (
                "flat, poster, flat design, vector, minimalist, minimal, vector art, travel poster, screen print, art deco, cartoon, "
                "anime, illustration, minimalism"
            ),
            "plano, cartel, póster, diseño plano, vectorial, minimalista, serigrafía, caricatura, ilustración, minimalismo",
        ),
        "ukiyo": (
            "ukiyo e, ukiyoe, woodblock, woodblock print, japanese print, hokusai, hiroshige",
            "ukiyo e, estampa japonesa, grabado japonés",
        ),
        "mosaic": ("mosaic, stained glass, tiles, tesserae", "mosaico, vidriera, vitral, teselas"),
        "smooth": (
            "photo, photograph, photorealistic, realistic, photography, cinematic, render, 3d, hyperrealistic, photographic",
            "foto, fotografía, fotorrealista, realista, cinematográfico, fotográfico",
        ),
    },
    "mood": {
        "neon": (
            "neon, cyberpunk, synthwave, vaporwave, neon lights, neon signs",
            "neón, ciberpunk, luces de neón, letreros de neón",
        ),
        "pastel": (
            "pastel, pastels, soft, dreamy, gentle, delicate",
            "pastel, suave, de ensueño, delicado, tonos pastel",
        ),
        "vivid": (
            "vivid, vibrant, colorful, colourful, bright, saturated, psychedelic",
            "vivo, vibrante, colorido, brillante, saturado, psicodélico",
        ),
        "dark": (
            "dark, gloomy, moody, gothic, sinister, eerie, spooky, somber",
            "oscuro, sombrío, lúgubre, gótico, siniestro, tenebroso, inquietante",
        ),
        "calm": (
            "calm, serene, peaceful, tranquil, quiet, still",
            "calmado, sereno, tranquilo, apacible, pacífico, quieto, calma",
        ),
        "epic": ("epic, majestic, grand, dramatic, monumental", "épico, majestuoso, grandioso, dramático, monumental"),
        "mono": (
            "black and white, monochrome, grayscale, greyscale, b&w",
            "blanco y negro, monocromo, escala de grises, monocromático",
        ),
        "sepia": ("sepia, vintage, antique, old photo, retro", "sepia, antiguo, retro"),
    },
    "colour": {
        "red": ("red, crimson, scarlet, ruby", "rojo, carmesí, escarlata, rubí"),
        "orange": ("orange, amber", "naranja, anaranjado, ámbar"),
        "yellow": ("yellow", "amarillo"),
        "gold": ("gold, golden", "oro, dorado"),
        "green": ("green, emerald, olive", "verde, esmeralda, oliva"),
        "teal": ("teal, turquoise, cyan, aqua", "turquesa, cian, aguamarina"),
        "blue": ("blue, azure, sapphire, navy, indigo", "azul, celeste, zafiro, añil, índigo"),
        "purple": ("purple, violet, lilac, lavender, magenta", "morado, violeta, lila, lavanda, púrpura"),
        "pink": ("pink, rose colored, fuchsia", "rosa, rosado, fucsia"),
        "brown": ("brown, chestnut, ochre", "marrón, castaño, ocre, pardo, café"),
        "white": ("white, ivory", "blanco, marfil"),
        "black": ("black", "negro"),
        "grey": ("grey, gray, silver", "gris, plata, plateado"),
    },
    "size": {
        "big": (
            "big, huge, giant, large, enormous, gigantic, colossal, towering",
            "grande, gran, enorme, gigante, gigantesco, colosal, inmenso",
        ),
        "small": (
            "small, tiny, little, miniature, distant, far away",
            "pequeño, diminuto, chico, pequeñito, lejano, a lo lejos",
        ),
    },
    "count": {
        "1": ("one, single, lone, lonely, solitary", "solo, solitario, único"),
        "2": ("two, pair of, couple of, both", "dos, un par de, ambos"),
        "3": ("three, several, some, few", "tres, varios, algunos, unos, unas, varias, algunas"),
        "4": ("four", "cuatro"),
        "5": (
            "five, many, flock of, herd of, school of, group of",
            "cinco, muchos, bandada de, manada de, banco de, grupo de, muchas",
        ),
        "6": ("six, seven, eight, nine, ten, dozen", "seis, siete, ocho, nueve, diez, docena"),
    },
    "subject": {
        "lighthouse": ("lighthouse", "faro"),
        "boat": (
            "boat, sailboat, sailing boat, yacht, fishing boat, canoe",
            "barco de vela, barca, velero, bote, barquito, barco, yate, canoa",
        ),
        "ship": (
            "ship, galleon, pirate ship, tall ship, frigate, vessel",
            "navío, galeón, barco pirata, buque, nave, fragata",
        ),
        "house": ("house, cottage, cabin, hut, barn, home, farmhouse", "casa, cabaña, choza, granero, casita, hogar"),
        "castle": ("castle, fortress, palace, citadel", "castillo, fortaleza, palacio, alcázar, ciudadela"),
        "tower": ("tower, watchtower, keep", "torre, atalaya, torreón"),
        "church": ("church, chapel, cathedral", "iglesia, capilla, catedral, ermita"),
        "windmill": ("windmill, mill", "molino, molino de viento"),
        "bridge": ("bridge, stone bridge, arch bridge", "puente, puente de piedra"),
        "temple": ("temple, pagoda, shrine", "templo, pagoda, santuario"),
        "pyramid": ("pyramid", "pirámide"),
        "tent": ("tent, campsite, camp", "tienda de campaña, carpa, campamento"),
        "tree": ("tree, oak", "árbol, roble"),
        "pine": ("pine, fir, pine tree, spruce, christmas tree", "pino, abeto, árbol de navidad"),
        "palm": ("palm, palm tree, coconut tree", "palmera, cocotero"),
        "flower": (
            "flower, flowers, rose, tulip, poppy, daisy, bouquet, wildflower",
            "flor, flores, rosa roja, tulipán, amapola, margarita, ramo, ramo de flores, flor silvestre",
        ),
        "sunflower": ("sunflower", "girasol"),
        "mushroom": ("mushroom, toadstool", "seta, hongo, champiñón"),
        "cactus": ("cactus, cacti, saguaro", "cactus, cactos, nopal"),
        "person": (
            (
                "person, man, woman, girl, boy, child, human, people, men, women, children, traveler, traveller, wanderer, figure, "
                "someone, hiker"
            ),
            (
                "persona, hombre, mujer, niña, niño, humano, gente, viajero, caminante, figura, chica, chico, muchacha, "
                "muchacho, excursionista"
            ),
        ),
        "wizard": ("wizard, witch, mage, sorcerer", "mago, bruja, hechicero, brujo"),
        "astronaut": ("astronaut, cosmonaut, spaceman", "astronauta, cosmonauta"),
        "robot": ("robot, android, mech, droid", "robot, androide"),
        "fox": ("fox", "zorro"),
        "wolf": ("wolf, wolves", "lobo"),
        "dog": ("dog, puppy, hound", "perro, cachorro"),
        "cat": ("cat, kitten, kitty", "gato, gatito"),
        "horse": ("horse, pony, stallion, unicorn", "caballo, poni, yegua, unicornio"),
        "deer": ("deer, stag, elk, moose, reindeer", "ciervo, venado, alce, reno"),
        "bear": ("bear, polar bear", "oso, oso polar"),
        "camel": ("camel, dromedary", "camello, dromedario"),
        "elephant": ("elephant, mammoth", "elefante, mamut"),
        "rabbit": ("rabbit, bunny, hare", "conejo, liebre"),
        "cow": ("cow, bull, ox, cattle", "vaca, toro, buey, ganado"),
        "sheep": ("sheep, lamb", "oveja, cordero"),
        "lion": ("lion, lioness", "león, leona"),
        "bird": (
            "bird, seagull, gull, eagle, crow, raven, swallow, hawk",
            "pájaro, ave, gaviota, águila, cuervo, golondrina, halcón",
        ),
        "owl": ("owl", "búho, lechuza"),
        "swan": ("swan, duck, goose", "cisne, pato, ganso"),
        "butterfly": ("butterfly", "mariposa"),
        "whale": ("whale", "ballena"),
        "fish": ("fish, fishes, goldfish, koi", "pez, peces, pescado, carpa koi"),
        "dolphin": ("dolphin", "delfín"),
        "shark": ("shark", "tiburón"),
        "octopus": ("octopus, squid, kraken", "pulpo, calamar, kraken"),
        "jellyfish": ("jellyfish", "medusa"),
        "turtle": ("turtle, tortoise", "tortuga"),
        "dragon": ("dragon, wyvern", "dragón"),
        "car": ("car, automobile, taxi, truck, bus", "coche, automóvil, taxi, camión, auto, carro, autobús"),
        "train": ("train, locomotive, steam train, railway", "tren, locomotora, tren de vapor, ferrocarril"),
        "balloon": ("balloon, hot air balloon", "globo, globo aerostático"),
        "airplane": ("airplane, aeroplane, plane, aircraft", "avión, avioneta, aeroplano"),
        "rocket": ("rocket, spaceship, spacecraft, starship", "cohete, nave espacial, astronave"),
        "ufo": ("ufo, flying saucer", "ovni, platillo volante"),
        "moon": ("moon, full moon, crescent moon", "luna, luna llena"),
        "sun": ("sun", "sol"),
        "planet": ("planet, saturn, jupiter", "planeta, saturno, júpiter"),
        "vase": ("vase, pot, jug, pitcher", "jarrón, florero, jarra, cántaro"),
        "fruit": ("apple, fruit, pear, peach, lemon, oranges", "manzana, fruta, pera, melocotón, limón, durazno"),
        "bottle": ("bottle, wine, wine bottle, potion", "botella, vino, botella de vino, poción"),
        "candle": ("candle", "vela, candela"),
        "book": ("book", "libro"),
        "cup": ("cup, mug, teacup, coffee, tea", "taza, té, tazón"),
        "lantern": ("lantern, lamp, street lamp, lamppost", "farol, linterna, lámpara, farola"),
        "umbrella": ("umbrella, parasol", "paraguas, sombrilla"),
        "heart": ("heart", "corazón"),
        "crystal": ("crystal, gem, diamond", "cristal, gema, diamante"),
        "ghost": ("ghost, spirit, phantom", "fantasma, espíritu, espectro"),
    },
    #: Parts of a picture that can be coloured or left out, and have no entry of their own.
    "element": {
        "sky": ("the sky", "el cielo"),
        "water": ("water", "agua"),
        "grass": ("grass, ground, floor, lawn", "hierba, suelo, césped, tierra"),
        "trees": ("trees, foliage, leaves", "árboles, follaje, hojas"),
        "birds": ("birds", "pájaros, aves"),
        "windows": ("windows, lights, window, light, lit windows", "ventanas, luces, ventana, luz"),
    },
}

#: Irregular plurals that mean several of a subject.
PLURALS = {
    "wolves": "wolf", "people": "person", "men": "person", "women": "person", "children": "person", "gente": "person", "flowers": "flower",
    "flores": "flower", "fishes": "fish", "peces": "fish", "cacti": "cactus", "cactos": "cactus", "cattle": "cow", "oranges": "fruit",
    "bouquet": "flower", "ramo": "flower", "ramo de flores": "flower", "wildflower": "flower",
}  # fmt: skip

#: What says nothing about the picture's content, and is passed over without a word.
FUNCTION_WORDS = frozenset(
    """
    a an the of in on at by to for from with without and or but as is are was be been being it its this that these those into onto over
    under above below near next beside behind between through across around along up down out off very really quite so too more most much
    his her their my your our he she they i you we there here where when while which who what how not no do does did has have had will
    would can could should may up only just also than then some any all each every other another such same own both per via against
    among amid toward towards inside outside upon beneath within during like make made makes making add adding put change turn turns
    remove delete erase replace show showing shows shown set give let get style styled picture image scene view depicting depiction portrait
    landscape background foreground art artwork beautiful pretty nice lovely gorgeous stunning amazing detailed highly intricate quality
    masterpiece best award winning high low resolution hd uhd fhd trending artstation deviantart lighting shot closeup close wide angle
    standing sitting lying running walking flying sailing swimming floating rising looking facing full covered filled made during please
    side left right top bottom center centre middle front back color colour colors colours coloured colored tones tone shades shade palette
    old new young ancient photo-like by-the set-in bit time
    un una unos unas el la los las lo de del en al a con sin y e o u ni que por para entre sobre bajo ante tras desde hasta hacia según
    es son era está están ser estar fue hay su sus mi tu nuestro este esta estos estas ese esa esos esas aquel aquella muy más menos tan
    tanto como cuando donde mientras quien cual cuyo no sí se le les me te nos ya también solo sólo pero sino junto cerca lejos dentro
    fuera encima debajo detrás delante alrededor haz hacer hecho pon poner añade añadir agrega agregar quita quitar elimina eliminar borra
    borrar cambia cambiar convierte vuelve estilo imagen escena vista retrato paisaje fondo arte obra hermoso hermosa bello bella bonito
    bonita lindo linda precioso preciosa detallado detallada calidad alta alto baja bajo resolución lado izquierda derecha arriba abajo
    centro color colores tono tonos paleta viejo vieja nuevo nueva joven lleno llena cubierto cubierta sentado sentada corriendo volando
    navegando nadando flotando mirando caminando hora tiempo favor
    """.split()
)

#: After these words of an instruction, what is named goes away.
REMOVERS = frozenset(
    "without remove delete erase minus except sin quita quitar elimina eliminar borra borrar excepto".split()
)
