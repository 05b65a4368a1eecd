"""The words that a prompt is weighed by, in English and Spanish: function words, praise, adjectives."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import TypeAlias


class Sort(Enum):
    """What a word is, as far as its spelling tells."""

    FIXED = auto()  # a link or a tag: no word at all, and never left out
    DETERMINER = auto()
    CONJUNCTION = auto()
    PREPOSITION = auto()
    RELATIVE = auto()
    FUNCTION = auto()  # any other that means nothing alone
    INTENSIFIER = auto()
    QUALITY = auto()  # asks for a good picture, not for something in it
    MODIFIER = auto()
    NOUN = auto()  # and whatever is not known


Lexicon: TypeAlias = Mapping[Sort, frozenset[str]]


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Without acute accents, as they are looked up. Ñ is a letter of its own.
ENGLISH: Lexicon = {
    Sort.DETERMINER: _listed("a an the this these those its his her their our my your some each every"),
    Sort.CONJUNCTION: _listed("and or but nor plus &"),
    Sort.PREPOSITION: _listed(
        "in on at with without by from into onto over under above below beneath beside besides between among through across behind before"
        " after around near next against along inside outside within during toward towards upon amid amidst via to for as like front"
    ),
    Sort.RELATIVE: _listed("that which who whom whose where while when"),
    Sort.FUNCTION: _listed(
        "of is are was were be been being am has have had do does did it he she they them him i me you we there here not than then so if"
        " can could will would should may might must it's that's there's please want create generate make draw imagine"
    ),
    Sort.INTENSIFIER: _listed(
        "very really highly extremely incredibly super ultra hyper insanely absolutely quite rather truly too most more much intricately"
        " beautifully stunningly exquisitely"
    ),
}
SPANISH: Lexicon = {
    Sort.DETERMINER: _listed("el la los las un una unos unas este esta estos estas ese esa su sus mi mis tus cada lo"),
    Sort.CONJUNCTION: _listed("y e o u ni pero"),
    Sort.PREPOSITION: _listed(
        "en con sin sobre bajo entre hacia hasta desde por para ante tras contra segun durante mediante junto cerca lejos dentro fuera"
        " debajo encima detras delante alrededor al a frente"
    ),
    Sort.RELATIVE: _listed("que quien quienes donde mientras cuando cual cuyo cuya como"),
    Sort.FUNCTION: _listed(
        "de del es son estan era ser estar hay se le les no si ella ellos yo tu nos ha han fue fueron quiero crea genera haz hazme dibuja"
        " imagina"
    ),
    Sort.INTENSIFIER: _listed(
        "muy mas super ultra hiper bastante tan altamente extremadamente increiblemente sumamente realmente"
    ),
}
QUALITY = _listed(
    "masterpiece quality best detail detailed detailing intricate 4k 8k 16k 32k uhd hd hdr fullhd highres hires res"
    " resolution trending artstation deviantart pixiv cgsociety behance award winning awardwinning professional stunning beautiful"
    " amazing awesome gorgeous breathtaking perfect epic realistic hyperrealistic ultrarealistic photorealistic photorealism realism sharp"
    " focus focused crisp hyperdetailed ultradetailed superb wallpaper unreal engine octane render rendered viral famous popular wonderful"
    " obra maestra calidad mejor detalle detallado detallada resolucion realista hiperrealista fotorrealista"
    " nitido nitida profesional premiado premiada tendencia impresionante hermoso hermosa bonito bonita bello bella"
    " precioso preciosa increible espectacular perfecto perfecta"
)
SPANISH_MODIFIERS = _listed(
    "rojo roja azul azules verde amarillo amarilla negro negra blanco blanca gris grises dorado dorada plateado morado morada naranja"
    " marron marrones grande gran pequeño pequeña viejo vieja joven jovenes antiguo antigua alto alta bajo baja largo larga oscuro"
    " oscura claro clara brillante suave frio fria calido calida triste feliz felices magico magica nevado nevada lluvioso lluviosa"
    " nuevo nueva buen bueno buena lindo linda solitario solitaria rosa"
)
MODIFIERS = SPANISH_MODIFIERS | _listed(
    "red blue green yellow black white grey gray gold golden silver purple violet pink orange brown crimson scarlet turquoise teal big"
    " small large tiny huge giant little tall short long wide narrow old young ancient new modern dark bright light soft hard warm cold"
    " hot cool wet dry deep lone lonely happy sad angry calm quiet wild cute pretty lovely fluffy furry snowy rainy foggy misty cloudy"
    " sunny stormy dusty rusty shiny moody cozy cosy smooth rough sleek elegant vivid pale rich fine good great nice fancy vast low high"
    " close round square thin thick heavy clean dirty fresh strange weird simple single strong weak empty open ornate quaint serene"
    " vibrant medieval royal imperial natural surreal"
)
ENDINGS = tuple(
    "ful ous less ish esque able ible ical istic astic estic atic etic ive ly ed ing"
    " oso osa osos osas ico ica icos icas ado ada ados adas mente ando iendo yendo".split()
)
NOT_MODIFIERS = _listed(
    "family assembly vegetable detective archive radish finish plastic hundred mechanic mosaico abanico soldado mercado tejado helado"
    " espada entrada fachada cascada armada granada mirada pincelada almohada boutique esposo esposa mariposa mexico musica fabrica"
    " republica comando fernando"
    # in -ing, but things
    " painting drawing lighting building evening morning string spring shading clothing ceiling setting wedding nothing something"
    " everything offspring lightning pudding dwelling engraving etching"
)
#: Of the words that say what somebody is doing.
DOING = ("ing", "ando", "iendo", "yendo")
NOUN_ENDINGS = ("fish", "fly", "king", "ring")
#: What a picture is, which goes without saying, and what joins it to what is in it.
MEDIA = _listed("photo photograph picture image pic shot foto fotografia imagen")
SHOWING = _listed("of de del shows showing depicts depicting features featuring muestra mostrando representa")

CONTENT = frozenset({Sort.INTENSIFIER, Sort.QUALITY, Sort.MODIFIER, Sort.NOUN})
LEAVABLE = CONTENT - {Sort.NOUN}
