"""Performances come into a scene, from the question to the server to what stands there.

* `connecting` says which server answers, `early` does beforehand what will be asked for, `admission`
  says who may speak and `hindrances` why nobody would see it.
* `performance` asks for takes and heads, `retaking` for another take of a line; `staging` stores and
  plays them, `placement` puts a whole talking head into a scene, all of it or nothing;
  `joining` adds takes from files to what characters say.
* `head_form` and `head_change` alter a head that stands there.
"""
